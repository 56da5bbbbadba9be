// Divides one split into a part for calibration and one for validation, image by image, so that they never share one.
import { createHash } from 'node:crypto';

/** A part of a data set: `all` where it has a separate split for each purpose. */
export type Part = 'all' | 'train' | 'val';

/** The share of the images that goes to validation. */
const VAL_SHARE = 0.2;

/**
 * Which part an image belongs to. It follows from the image's identity alone, whatever the order, the seed or the
 * number of rows read.
 *
 * @param bound of `divisionBound`
 */
export function partOf(identity: string, bound: number): 'train' | 'val' {
  return place(identity) < bound ? 'train' : 'val';
}

/** The bound for a data set that is too large to read: places are spread evenly. */
export const DEFAULT_BOUND = 1 - VAL_SHARE;

/**
 * The bound for a data set whose images are all known: a fifth of them goes to validation, at least one of two or more.
 * (With a fixed bound, all of a few images could fall to one part.)
 */
export function divisionBound(identities: Iterable<string>): number {
  const places = [...new Set(identities)].map(place).sort((a, b) => a - b);
  const val = places.length < 2 ? 0 : Math.max(1, Math.round(places.length * VAL_SHARE));
  return val === 0 ? 1 : places[places.length - val];
}

/** A number in [0, 1) that is the same for the same image on every machine. */
function place(identity: string): number {
  return parseInt(createHash('sha256').update(identity).digest('hex').slice(0, 12), 16) / 2 ** 48;
}
