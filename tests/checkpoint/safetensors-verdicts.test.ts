// The safetensors reader's verdict is the reference's: on files of all kinds that compare-safetensors.ts recorded with
// the verdicts of the safetensors package, and on files that are hostile by their size.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { after, describe, it } from 'node:test';
import { openSafetensors, SafetensorsError } from '../../lib/checkpoint';
import { isKnownDifference, ourVerdict } from '../fuzz/compare-safetensors';

interface Recorded {
  readonly file: string;
  readonly error: string | null;
  readonly content: string | null;
}
const RECORDED: readonly Recorded[] = JSON.parse(
  fs.readFileSync(path.join(__dirname, '..', 'fixtures', 'checkpoint', 'safetensors-verdicts.json'), 'utf8'),
);
const ENTRY = '{"dtype":"U8","shape":[0],"data_offsets":[0,0]}';
/** Of any message, whatever the file holds. */
const MAX_MESSAGE = 1000;

const work = fs.mkdtempSync(path.join(os.tmpdir(), 'blip-verdicts-'));
after(() => fs.rmSync(work, { recursive: true, force: true }));

function write(header: string | Buffer): string {
  const file = path.join(work, 'file.safetensors');
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(Buffer.byteLength(header)));
  fs.writeFileSync(file, length);
  fs.appendFileSync(file, header);
  return file;
}

function refuses(header: string | Buffer, ...words: string[]): void {
  const file = write(header);
  assert.throws(
    () => openSafetensors(file),
    (error: unknown) => {
      assert.ok(error instanceof SafetensorsError, String(error));
      assert.ok(error.message.length < MAX_MESSAGE, `a message of ${error.message.length} characters`);
      for (const word of [file, ...words]) assert.ok(error.message.includes(word), `${error.message} lacks "${word}"`);
      return true;
    },
  );
}

describe('recorded verdicts', () => {
  it('are those of the reference, with the same tensors and metadata', () => {
    assert.ok(RECORDED.length > 300);
    let known = 0;
    for (const { file, error, content } of RECORDED) {
      const bytes = Buffer.from(file, 'base64');
      const ours = ourVerdict(bytes);
      if (error === null && isKnownDifference(ours)) known++;
      else {
        assert.equal(
          ours.content ?? null,
          content,
          `${JSON.stringify(bytes.toString('latin1'))}: ${ours.error ?? error}`,
        );
        assert.ok((ours.error ?? '').length < MAX_MESSAGE);
      }
    }
    assert.ok(known < 5, `${known} differ`);
  });

  it('accepts what the reference does, against the format: equal names, a blank before the header, lists', () => {
    const file = openSafetensors(
      write(` {"a":["U8",[0],[0,0]],"b":${ENTRY},"b":{"dtype":"I8","shape":[0,2],"data_offsets":[0,0]}}`),
    );
    assert.deepEqual(
      [...file.tensors.values()].map(({ name, dtype, shape }) => [name, dtype, shape]),
      [
        ['a', 'U8', [0]],
        ['b', 'I8', [0, 2]],
      ],
    );
    file.close();
  });

  it('keeps a note that is called __proto__', () => {
    const file = openSafetensors(write('{"__metadata__":{"__proto__":"x","constructor":"y"}}'));
    assert.deepEqual(Object.entries(file.metadata), [
      ['__proto__', 'x'],
      ['constructor', 'y'],
    ]);
    file.close();
  });
});

describe('hostile sizes', () => {
  it('deep nesting anywhere is refused by name', () => {
    for (const [open, close] of [
      ['[', ']'],
      ['{"a":', '}'],
    ]) {
      const nested = `${open.repeat(100_000)}1${close.repeat(100_000)}`;
      for (const header of [
        nested,
        `{"a":${nested}}`,
        `{"a":{"dtype":${nested},"shape":[0],"data_offsets":[0,0]}}`,
        `{"a":{"dtype":"U8","shape":${nested},"data_offsets":[0,0]}}`,
        `{"a":{"x":${nested}}}`,
        `{"__metadata__":{"a":${nested}}}`,
      ])
        refuses(header);
    }
  });

  it('a string of 50 MB in any place makes a short message', () => {
    const long = JSON.stringify('x'.repeat(50_000_000));
    refuses(`{"a":{"dtype":${long},"shape":[0],"data_offsets":[0,0]}}`, 'tensor "a"', 'dtype');
    refuses(`{${long}:1}`, 'tensor "xxx');
    refuses(`{"__metadata__":{${long}:1}}`, '__metadata__');
    refuses(`{"a":{"dtype":"U8","shape":${long},"data_offsets":[0,0]}}`, 'shape');
    refuses(`{"a":${ENTRY}}${long}`, 'expected nothing more');
  });

  it('more tensors, notes or dimensions than any model has are refused', () => {
    const names = Array.from({ length: 200_001 }, (_, i) => i);
    refuses(`{${names.map((i) => `"${i}":${ENTRY}`).join()}}`, '200000');
    refuses(`{"__metadata__":{${names.map((i) => `"${i}":""`).join()}}}`, '200000');
    refuses(`{"a":{"dtype":"U8","shape":[${'0,'.repeat(2_000_001)}0],"data_offsets":[0,0]}}`, '2000000 dimensions');
  });

  it('a shape of 1,000 ones is a shape', () => {
    const file = openSafetensors(write(`{"a":{"dtype":"U8","shape":[${'1,'.repeat(1000)}0],"data_offsets":[0,0]}}`));
    assert.equal(file.tensors.get('a')?.shape.length, 1001);
    file.close();
    refuses(`{"a":{"dtype":"U8","shape":[${'1,'.repeat(1000)}0.0],"data_offsets":[0,0]}}`, 'shape');
    refuses(`{"a":{"dtype":"U8","shape":[${' '.repeat(1000)}0.0],"data_offsets":[0,0]}}`, 'shape');
  });

  it('a header of 90 MB costs less than 400 MB of memory, whatever it holds', () => {
    const million = 1_000_000;
    const headers = {
      lists: `{"a":{"x":[${'[],'.repeat(29 * million)}1],"dtype":"U8","shape":[0],"data_offsets":[0,0]}}`,
      numbers: `{"a":{"x":[${'1.5e3,'.repeat(15 * million)}1],"dtype":"U8","shape":[0],"data_offsets":[0,0]}}`,
      string: `{"a":{"x":"${'x'.repeat(90 * million)}","dtype":"U8","shape":[0],"data_offsets":[0,0]}}`,
      escapes: `{"a":{"x":"${'\\n'.repeat(45 * million)}","dtype":"U8","shape":[0],"data_offsets":[0,0]}}`,
      notes: `{"__metadata__":{"note":"${'x'.repeat(90 * million)}"}}`,
      zeros: `{"a":{"x":0.${'0'.repeat(90 * million)}1,"dtype":"U8","shape":[0],"data_offsets":[0,0]}}`,
      same: `{${Array.from({ length: 1.7 * million }, () => `"a":${ENTRY}`).join()}}`,
    };
    for (const [name, header] of Object.entries(headers)) {
      const file = write(header);
      // In a process of its own: its largest size is its own alone.
      const program =
        'const { openSafetensors } = ' +
        `require(${JSON.stringify(path.join(__dirname, '..', '..', 'lib', 'checkpoint'))});` +
        `const before = process.resourceUsage().maxRSS; openSafetensors(${JSON.stringify(file)}).close();` +
        'console.log((process.resourceUsage().maxRSS - before) / 1024);';
      const megabytes = Number(
        execFileSync(process.execPath, ['--import', 'tsx', '-e', program], { timeout: 120_000 }),
      );
      assert.ok(megabytes < 400, `${name}: ${megabytes} MB`);
    }
  });
});
