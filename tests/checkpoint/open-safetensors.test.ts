// The safetensors reader against the Rust reference implementation: the same files accepted, the same refused
// (tests/fixtures/make_safetensors.py); safetensors-verdicts.test.ts has many more.
import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { after, describe, it } from 'node:test';
import { openSafetensors, SafetensorsError } from '../../lib/checkpoint';
import { floatToHalf, halfToFloat } from '../../lib/core/float16';

interface Case {
  readonly name: string;
  readonly file: string;
  readonly error: string | null;
}
const CASES: readonly Case[] = JSON.parse(
  fs.readFileSync(path.join(__dirname, '..', 'fixtures', 'checkpoint', 'safetensors-cases.json'), 'utf8'),
);

const work = fs.mkdtempSync(path.join(os.tmpdir(), 'blip-safetensors-'));
after(() => fs.rmSync(work, { recursive: true, force: true }));

function write(name: string, bytes: Uint8Array): string {
  const file = path.join(work, `${name.replace(/\W/g, '-')}.safetensors`);
  fs.writeFileSync(file, bytes);
  return file;
}

/** Where the system does not list them (Windows), nothing is compared. */
function openDescriptors(): number {
  return fs.existsSync('/dev/fd') ? fs.readdirSync('/dev/fd').length : 0;
}

function build(header: unknown, data: Uint8Array): Buffer {
  const json = Buffer.from(JSON.stringify(header));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(json.length));
  return Buffer.concat([length, json, data]);
}

describe('openSafetensors accepts and refuses what the reference does', () => {
  for (const { name, file, error } of CASES) {
    const refused = error !== null;
    it(`${refused ? 'refuses' : 'accepts'}: ${name}`, () => {
      const target = write(name, Buffer.from(file, 'base64'));
      const descriptors = openDescriptors();
      if (refused) {
        assert.throws(
          () => openSafetensors(target),
          (thrown: unknown) => thrown instanceof SafetensorsError && thrown.message.includes(target),
        );
      } else {
        const opened = openSafetensors(target);
        for (const tensor of opened.tensors.values()) assert.equal(tensor.bytes().byteLength, tensor.byteLength);
        opened.close();
      }
      assert.equal(openDescriptors(), descriptors, 'no file descriptor stays open');
    });
  }
});

describe('tensors', () => {
  it('gives the bytes of each tensor, in any order of names and at odd offsets', () => {
    const file = openSafetensors(
      write(
        'odd',
        build(
          {
            b: { dtype: 'U8', shape: [3], data_offsets: [0, 3] },
            a: { dtype: 'F32', shape: [1, 2], data_offsets: [3, 11] },
            __metadata__: { format: 'pt' },
          },
          Buffer.concat([Buffer.from([7, 8, 9]), Buffer.from(new Float32Array([1.5, -2]).buffer)]),
        ),
      ),
    );
    assert.deepEqual([...(file.tensors.get('b')?.bytes() ?? [])], [7, 8, 9]);
    assert.deepEqual([...(file.tensors.get('a')?.toFloat32() ?? [])], [1.5, -2]);
    assert.deepEqual(file.metadata, { format: 'pt' });
    assert.throws(() => file.tensors.get('b')?.toFloat32(), /"b": dtype U8, expected one of F32, F16, BF16, F64/);
    file.close();
  });

  it('refuses to read after close, when the descriptor may belong to another file', () => {
    const file = openSafetensors(
      write('closed', build({ a: { dtype: 'U8', shape: [1], data_offsets: [0, 1] } }, Buffer.of(1))),
    );
    file.close();
    file.close();
    assert.throws(() => file.tensors.get('a')?.bytes(), /was closed/);
  });

  it('names a folder, a missing file, and a file cut while it was open', () => {
    assert.throws(() => openSafetensors(work), SafetensorsError);
    assert.throws(() => openSafetensors(path.join(work, 'none')), /no such file/);
    const target = write('cut', build({ a: { dtype: 'U8', shape: [4], data_offsets: [0, 4] } }, Buffer.alloc(4)));
    const file = openSafetensors(target);
    fs.truncateSync(target, fs.statSync(target).size - 1);
    assert.throws(() => file.tensors.get('a')?.bytes(), /Was it cut/);
    file.close();
  });

  it('survives a header with a value of 20 MB', () => {
    for (const unit of ['x', '"', '\\\n']) {
      // plain, and with escapes
      const note = unit.repeat(20_000_000 / unit.length);
      const file = openSafetensors(write('long', build({ __metadata__: { note } }, Buffer.alloc(0))));
      assert.equal(file.metadata.note, note);
      file.close();
    }
  });

  it('holds no weights: opening 400 MB costs less than 20 MB', () => {
    const bytes = 400_000_000;
    const target = write(
      'sparse',
      build({ a: { dtype: 'F16', shape: [bytes / 2], data_offsets: [0, bytes] } }, Buffer.alloc(0)),
    );
    fs.truncateSync(target, fs.statSync(target).size + bytes); // a sparse file: takes no room on disk
    const before = process.memoryUsage().rss;
    const file = openSafetensors(target);
    assert.equal(file.tensors.get('a')?.byteLength, bytes);
    assert.ok(process.memoryUsage().rss - before < 20e6);
    file.close();
  });
});

describe('half precision', () => {
  it('every finite half survives the way to f32 and back', () => {
    const bits = Uint16Array.from({ length: 65536 }, (_, i) => i).filter((i) => (i & 0x7c00) !== 0x7c00);
    assert.deepEqual(floatToHalf(halfToFloat(bits)), bits);
  });
  it('equals the definition: 1, smallest subnormal, largest, infinity', () => {
    assert.deepEqual(
      [...halfToFloat(Uint16Array.of(0x3c00, 1, 0x7bff, 0xfc00, 0x8001))],
      [1, 2 ** -24, 65504, -Infinity, -(2 ** -24)],
    );
    assert.ok(Number.isNaN(halfToFloat(Uint16Array.of(0x7e00))[0]));
  });
  it('rounds to nearest, ties to even', () => {
    const between = Float32Array.of(
      1 + 2 ** -11,
      1 + 3 * 2 ** -11,
      1 + 2 ** -11 + 2 ** -20,
      65519,
      65520,
      2 ** -25,
      2 ** -25 * 1.5,
    );
    assert.deepEqual([...floatToHalf(between)], [0x3c00, 0x3c02, 0x3c01, 0x7bff, 0x7c00, 0, 1]);
  });
});
