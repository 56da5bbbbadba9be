// A bounded part of `npm run fuzz`: some hundred inputs of each kind are accepted or refused by name, and nothing else.
import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { after, test } from 'node:test';
import { TARGETS } from './all-targets';
import { Random } from './random';
import { runTarget } from './run-target';

const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'blip-fuzz-failures-'));
after(() => fs.rmSync(folder, { recursive: true, force: true }));

const INPUTS: Readonly<Record<string, number>> = {
  safetensors: 400,
  pytorch: 200,
  'side-files': 150,
  images: 150,
  parquet: 150,
  hub: 150,
  'own-files': 300,
};

for (const [name, target] of TARGETS) {
  test(`${name}: accepted or refused by name`, { timeout: 300_000 }, async () => {
    const { tried, outcomes, failures } = await runTarget(name, {
      seed: 'test',
      seconds: 240,
      inputs: INPUTS[name],
      folder,
    });
    const problems = failures.map((file) => `${file}: ${fs.readFileSync(`${file}.txt`, 'utf8')}`);
    assert.deepEqual(problems, []);
    assert.equal(tried, INPUTS[name]);
    assert.ok((outcomes.get('accepted') ?? 0) > 0, 'some are accepted');
    assert.ok(outcomes.size > 1, 'some are refused');
  });

  test(`${name}: the same input for the same seed`, () => {
    const make = (index: number): Buffer => target.make(new Random('test', name, index)).bytes;
    assert.deepEqual(make(7), make(7));
    assert.notDeepEqual([make(1), make(2), make(3)], [make(4), make(5), make(6)]);
  });
}

test('the fuzzer notices other errors, long messages, crashes and hangs, saves the input and goes on', {
  timeout: 300_000,
}, async () => {
  const { tried, outcomes, failures } = await runTarget('self-check', {
    seed: 'g',
    seconds: 240,
    inputs: 16,
    hang_ms: 15_000,
    folder,
  });
  assert.equal(tried, 16);
  const kinds = new Map(
    failures.map((file) => [/-([a-z]+(?:-[a-z]+)*)\.bin$/.exec(file)?.[1], fs.readFileSync(`${file}.txt`, 'utf8')]),
  );
  assert.deepEqual([...kinds.keys()].sort(), ['a-long-message', 'another-error', 'crash', 'end', 'hang']);
  assert.match(kinds.get('another-error') ?? '', /RangeError: Maximum call stack/);
  assert.match(kinds.get('crash') ?? '', /ends the process/);
  assert.match(kinds.get('hang') ?? '', /takes more than/);
  assert.deepEqual([...outcomes.keys()].sort(), ['BlipError', 'accepted']);
  assert.equal(failures.length + [...outcomes.values()].reduce((sum, count) => sum + count, 0), 16);
  for (const file of failures) assert.equal(fs.readFileSync(file).length, 1);
});
