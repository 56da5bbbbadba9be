// What an AV1 stream says about its colors, in its sequence header (AV1 specification, section 5.5): for AVIF files
// that say nothing themselves.
import type { NclxColor } from './avif-container';

const SEQUENCE_HEADER = 1;
/** The header comes first, or after a delimiter. */
const MAX_UNITS = 4;
const UNSPECIFIED = 2;
const SRGB_TRANSFER = 13;
const BT709 = 1;

/**
 * @param units open bitstream units; what follows the header is not looked at
 * @returns undefined without a header
 * @throws {RangeError} when it is cut short
 */
export function readAv1Color(units: Uint8Array): NclxColor | undefined {
  const bits = new BitReader(units);
  for (let unit = 0; unit < MAX_UNITS; unit++) {
    bits.read(1);
    const type = bits.read(4);
    const [extended, sized] = [bits.read(1), bits.read(1)];
    bits.read(1 + 8 * extended);
    const size = sized ? bits.readLeb128() : 0;
    if (type === SEQUENCE_HEADER) return readSequenceHeader(bits);
    if (!sized) return undefined;
    bits.skip(8 * size);
  }
  return undefined;
}

function readSequenceHeader(bits: BitReader): NclxColor {
  const profile = bits.read(3);
  bits.read(1); // still picture
  const reduced = bits.read(1) === 1;
  if (reduced) bits.read(5);
  else readOperatingPoints(bits);
  const [widthBits, heightBits] = [bits.read(4) + 1, bits.read(4) + 1];
  bits.skip(widthBits + heightBits);
  if (!reduced && bits.read(1)) bits.skip(4 + 3); // lengths of frame numbers
  bits.skip(3); // block size, filters
  if (!reduced) readTools(bits);
  bits.skip(3); // scaling, filters
  return readColorConfig(bits, profile);
}

function readOperatingPoints(bits: BitReader): void {
  let delayBits = 0;
  if (bits.read(1)) {
    bits.skip(32 + 32);
    if (bits.read(1)) bits.skipUvlc();
    if (bits.read(1)) {
      delayBits = bits.read(5) + 1;
      bits.skip(32 + 5 + 5);
    }
  }
  const displayDelay = bits.read(1);
  const points = bits.read(5) + 1;
  for (let point = 0; point < points; point++) {
    bits.skip(12);
    if (bits.read(5) > 7) bits.skip(1);
    if (delayBits > 0 && bits.read(1)) bits.skip(2 * delayBits + 1);
    if (displayDelay && bits.read(1)) bits.skip(4);
  }
}

function readTools(bits: BitReader): void {
  bits.skip(4); // kinds of prediction
  const orderHint = bits.read(1);
  if (orderHint) bits.skip(2);
  const screenContent = bits.read(1) ? 2 : bits.read(1);
  if (screenContent > 0 && bits.read(1) === 0) bits.skip(1);
  if (orderHint) bits.skip(3);
}

function readColorConfig(bits: BitReader, profile: number): NclxColor {
  const highDepth = bits.read(1);
  if (profile === 2 && highDepth) bits.skip(1);
  if (profile !== 1) bits.skip(1); // monochrome
  let [primaries, transfer, matrix] = [UNSPECIFIED, UNSPECIFIED, UNSPECIFIED];
  if (bits.read(1)) [primaries, transfer, matrix] = [bits.read(8), bits.read(8), bits.read(8)];
  // RGB itself is of full range, and nothing is said about it.
  if (primaries === BT709 && transfer === SRGB_TRANSFER && matrix === 0) return { matrix, fullRange: true };
  return { matrix, fullRange: bits.read(1) === 1 };
}

/** Bits from the highest of each byte down. */
class BitReader {
  private at = 0;

  constructor(private readonly bytes: Uint8Array) {}

  /** @param count at most 24 */
  read(count: number): number {
    let value = 0;
    for (let i = 0; i < count; i++, this.at++) {
      const byte = this.bytes[this.at >> 3];
      if (byte === undefined) throw new RangeError('The AV1 stream ends within its header.');
      value = value * 2 + ((byte >> (7 - (this.at & 7))) & 1);
    }
    return value;
  }

  skip(count: number): void {
    this.at += count;
  }

  /** Seven bits a byte, the lowest first. */
  readLeb128(): number {
    let value = 0;
    for (let i = 0; i < 8; i++) {
      const byte = this.read(8);
      value += (byte & 0x7f) * 2 ** (7 * i);
      if (byte < 0x80) break;
    }
    return value;
  }

  /** As many bits as there were zeros before the first one. */
  skipUvlc(): void {
    let zeros = 0;
    while (zeros < 32 && this.read(1) === 0) zeros++;
    this.skip(zeros);
  }
}
