// Files that torch wrote, with random damage: each either loads or is refused by name. No crash, no endless loop, no
// memory beyond the file's own size. The damage is the same in every run (seeded).
import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { after, describe, it } from 'node:test';
import { openPyTorchFile, PyTorchFileError } from '../../lib/checkpoint';

const FIXTURES = path.join(__dirname, '..', 'fixtures', 'pytorch');
const work = fs.mkdtempSync(path.join(os.tmpdir(), 'blip-mutations-'));
after(() => fs.rmSync(work, { recursive: true, force: true }));

const ROUNDS = 500;
/** Of what all tensors of a file take together: views may repeat values, within 2^22 for each of some 40 tensors. */
const MAX_BYTES = 2 ** 27;
/** For all rounds of one file, on a busy machine. */
const SECONDS = 60;

/** Numerical Recipes' generator. */
class Random {
  constructor(private state: number) {}
  below(limit: number): number {
    this.state = (Math.imul(this.state, 1664525) + 1013904223) >>> 0;
    return Math.floor((this.state / 2 ** 32) * limit);
  }
}

type Mutation = (bytes: Buffer, random: Random) => Buffer;

const MUTATIONS: Readonly<Record<string, Mutation>> = {
  'a bit turned': (bytes, random) => {
    bytes[random.below(bytes.length)] ^= 1 << random.below(8);
    return bytes;
  },
  'some bytes replaced': (bytes, random) => {
    for (let i = 0; i <= random.below(8); i++) bytes[random.below(bytes.length)] = random.below(256);
    return bytes;
  },
  'a number at its extremes': (bytes, random) => {
    const at = random.below(bytes.length - 8);
    const size = [1, 2, 4, 8][random.below(4)];
    bytes.fill([0, 0x7f, 0x80, 0xff][random.below(4)], at, at + size);
    return bytes;
  },
  cut: (bytes, random) => bytes.subarray(0, random.below(bytes.length)),
  'a part left out': (bytes, random) => {
    const at = random.below(bytes.length);
    return Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + 1 + random.below(64))]);
  },
  'a part twice': (bytes, random) => {
    const at = random.below(bytes.length);
    const end = at + 1 + random.below(64);
    return Buffer.concat([bytes.subarray(0, end), bytes.subarray(at)]);
  },
  'a part copied elsewhere': (bytes, random) => {
    const from = random.below(bytes.length);
    bytes.copy(bytes, random.below(bytes.length), from, from + 1 + random.below(64));
    return bytes;
  },
};

/** Opens the file and reads every tensor. Returns the error's class, or nothing. */
function tryFile(file: string, size: number): string {
  try {
    const opened = openPyTorchFile(file);
    try {
      let total = 0;
      for (const tensor of opened.tensors.values()) {
        assert.ok(tensor.byteLength <= Math.max(size, 2 ** 25), `${tensor.name}: ${tensor.byteLength} bytes`);
        total += tensor.byteLength;
        if (total <= MAX_BYTES) assert.equal(tensor.bytes().length, tensor.byteLength);
      }
    } finally {
      opened.close();
    }
    return 'loads';
  } catch (error) {
    if (!(error instanceof PyTorchFileError)) throw error;
    assert.ok(error.message.includes(file) && error.message.length < 1500, error.message);
    return 'refused';
  }
}

describe('a damaged file loads or is refused by name', () => {
  for (const name of [
    'zip.bin',
    'legacy.bin',
    'protocol4.bin',
    'training.bin',
    'unusual.bin',
    'parts.bin',
    'repacked.bin',
  ])
    it(`${name}, ${ROUNDS} times`, () => {
      const original = fs.readFileSync(path.join(FIXTURES, name));
      const random = new Random(original.length);
      const file = path.join(work, name);
      const outcomes = new Map<string, number>();
      const start = performance.now();
      for (let round = 0; round < ROUNDS; round++) {
        const kinds = Object.keys(MUTATIONS);
        const kind = kinds[random.below(kinds.length)];
        const mutated = MUTATIONS[kind](Buffer.from(original), random);
        fs.writeFileSync(file, mutated);
        try {
          const outcome = tryFile(file, mutated.length);
          outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
        } catch (error) {
          throw new Error(`round ${round} (${kind}) of ${name}`, { cause: error });
        }
      }
      assert.ok(performance.now() - start < SECONDS * 1000, 'takes its time');
      assert.ok((outcomes.get('refused') ?? 0) > ROUNDS / 10, `refused: ${outcomes.get('refused')}`);
      assert.ok((outcomes.get('loads') ?? 0) > ROUNDS / 50, `loads: ${outcomes.get('loads')}`);
    });
});
