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
