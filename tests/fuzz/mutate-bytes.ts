// Random damage to a file's bytes: what a bad disk, a cut download or an attacker does to any format.
import type { Random } from './random';

type Mutation = (bytes: Buffer, random: Random) => Buffer;

const MUTATIONS: readonly Mutation[] = [
  function flipBit(bytes, random) {
    bytes[random.below(bytes.length)] ^= 1 << random.below(8);
    return bytes;
  },
  function replaceBytes(bytes, random) {
    for (let i = 0; i <= random.below(8); i++) bytes[random.below(bytes.length)] = random.below(256);
    return bytes;
  },
  function writeExtremeNumber(bytes, random) {
    const at = random.below(bytes.length);
    return bytes.fill(random.pick([0, 0x7f, 0x80, 0xff]), at, Math.min(bytes.length, at + random.pick([1, 2, 4, 8])));
  },
  function cut(bytes, random) {
    return bytes.subarray(0, random.below(bytes.length + 1));
  },
  function leaveOut(bytes, random) {
    const at = random.below(bytes.length);
    return Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + 1 + random.size(64))]);
  },
  function repeat(bytes, random) {
    const at = random.below(bytes.length);
    const part = bytes.subarray(at, at + 1 + random.size(64));
    const copies = Array.from({ length: random.size(200) }, () => part);
    return Buffer.concat([bytes.subarray(0, at), ...copies, bytes.subarray(at)]);
  },
  function copyElsewhere(bytes, random) {
    const from = random.below(bytes.length);
    bytes.copy(bytes, random.below(bytes.length), from, from + 1 + random.size(64));
    return bytes;
  },
  function insertNoise(bytes, random) {
    const at = random.below(bytes.length);
    return Buffer.concat([bytes.subarray(0, at), random.bytes(random.size(32)), bytes.subarray(at)]);
  },
];

/** @returns other bytes, damaged in one to four places; the given ones stay as they are */
export function mutateBytes(original: Uint8Array, random: Random): Buffer {
  let bytes: Buffer = Buffer.from(original);
  for (let times = random.size(4); times > 0 && bytes.length > 0; times--)
    bytes = random.pick(MUTATIONS)(bytes, random);
  return bytes;
}
