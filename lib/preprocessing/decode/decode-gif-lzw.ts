// The compressed color indices of a GIF frame (GIF89a specification, appendix F: LZW with codes of up to 12 bits).
// libvips leaves out what a damaged frame lacks; PIL, and so this, says that the frame is damaged.

const MAX_CODES = 4096;
const MAX_CODE_BITS = 12;
/** PIL's rows of an interlaced frame: four passes, each with its first row and its step. */
const PASSES = [
  [0, 8],
  [4, 8],
  [2, 4],
  [1, 2],
] as const;

export interface GifFrameData {
  readonly width: number;
  readonly height: number;
  readonly interlaced: boolean;
}

/**
 * @param start where the frame's data begins: with the bits of its smallest code
 * @returns [height, width] u8; undefined when the data is damaged or ends early
 */
export function decodeGifLzw(
  bytes: Uint8Array,
  start: number,
  { width, height, interlaced }: GifFrameData,
): Uint8Array | undefined {
  const indices = new Uint8Array(width * height);
  if (!decompress(bytes, start, indices)) return undefined;
  if (!interlaced) return indices;
  const sorted = new Uint8Array(indices.length);
  let row = 0;
  for (const [first, step] of PASSES)
    for (let y = first; y < height; y += step, row++)
      sorted.set(indices.subarray(row * width, (row + 1) * width), y * width);
  return sorted;
}

/** @returns whether `result` was filled */
function decompress(bytes: Uint8Array, start: number, result: Uint8Array): boolean {
  const smallest = bytes[start];
  if (smallest === undefined || smallest >= MAX_CODE_BITS) return false;
  const clear = 1 << smallest;
  const end = clear + 1;
  /** A code stands for the string of `prefix`, followed by `suffix`. */
  const prefix = new Uint16Array(MAX_CODES);
  const suffix = new Uint8Array(MAX_CODES);
  const lengths = new Uint16Array(MAX_CODES).fill(1, 0, clear);
  for (let code = 0; code < clear; code++) suffix[code] = code;
  let [next, bits, previous, first] = [clear + 2, smallest + 1, -1, 0];
  let [at, blockEnd, buffer, buffered, written] = [start + 1, start + 1, 0, 0, 0];
  while (written < result.length) {
    while (buffered < bits) {
      if (at === blockEnd) {
        const length = bytes[at];
        if (!length || at + length >= bytes.length) return false;
        blockEnd = ++at + length;
      }
      buffer |= bytes[at++] << buffered;
      buffered += 8;
    }
    const code = buffer & ((1 << bits) - 1);
    buffer >>>= bits;
    buffered -= bits;
    if (code === end) return false;
    if (code === clear) {
      [next, bits, previous] = [clear + 2, smallest + 1, -1];
      continue;
    }
    if (previous < 0 ? code > clear : code > next) return false;
    // The code that is about to be defined: the previous string, and its first index again.
    const known = previous < 0 || code < next ? code : previous;
    const length = lengths[known] + (known === code ? 0 : 1);
    let target = written + length - 1;
    if (known !== code) put(result, target--, first);
    let part = known;
    for (; target > written; target--) {
      put(result, target, suffix[part]);
      part = prefix[part];
    }
    first = suffix[part];
    result[written] = first;
    written += length;
    if (previous >= 0 && next < MAX_CODES) {
      prefix[next] = previous;
      suffix[next] = first;
      lengths[next] = lengths[previous] + 1;
      if (next === (1 << bits) - 1 && bits < MAX_CODE_BITS) bits++;
      next++;
    }
    previous = code;
  }
  return true;
}

/** The last string may be longer than what is left of the frame. */
function put(result: Uint8Array, index: number, value: number): void {
  if (index < result.length) result[index] = value;
}
