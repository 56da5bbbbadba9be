// Damages bytes as disks, transfers and attackers do, always in the same way for the same random numbers.

/** @param random numbers in [0, 1) */
export function mutate(original: Uint8Array, random: () => number): Uint8Array {
  const pick = (below: number): number => Math.floor(random() * below);
  const bytes = Uint8Array.from(original);
  const at = pick(bytes.length);
  switch (pick(5)) {
    case 0: // one bit
      bytes[at] ^= 1 << pick(8);
      return bytes;
    case 1: // a few bytes, often the ones that make numbers large
      for (let i = 0; i < 1 + pick(6); i++) bytes[pick(bytes.length)] = [0, 0xff, 0x7f, 0x80, pick(256)][pick(5)];
      return bytes;
    case 2: // a run of one value
      return bytes.fill([0, 0xff, 0x80][pick(3)], at, at + pick(40));
    case 3: // bytes lost; the footer stays at the end
      return Buffer.concat([bytes.subarray(0, at), bytes.subarray(Math.min(bytes.length, at + 1 + pick(30)))]);
    default: // bytes from elsewhere in the file
      bytes.copyWithin(at, pick(bytes.length), pick(bytes.length));
      return bytes;
  }
}
