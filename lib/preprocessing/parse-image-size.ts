// The sizes in an image processor's settings, in the forms that transformers takes: a number, a pair, or an object.
import { isRecord } from '../core/is-record';

export interface ImageSize {
  readonly height: number;
  readonly width: number;
}

export interface ShortestEdge {
  readonly shortest_edge: number;
}

/** Above this the image alone takes gigabytes: a size beyond it is a typing error. */
export const MAX_SIDE = 16_384;
const SIDES = `{ "height", "width" }, a pair of them or one number, from 1 to ${MAX_SIDE}`;

type Fail = (expected: string) => never;

/** @throws what `fail` throws */
export function parseImageSize(value: unknown, fail: Fail): ImageSize {
  if (isSide(value)) return { height: value, width: value };
  const [height, width, ...rest]: unknown[] = Array.isArray(value) ? value : sidesOf(value);
  if (isSide(height) && isSide(width) && rest.length === 0) return { height, width };
  return fail(SIDES);
}

/**
 * A size to resize to, which may also be the shorter side's.
 *
 * @param square what one number means: both sides, or the shorter one
 */
export function parseResizeSize(value: unknown, square: boolean, fail: Fail): ImageSize | ShortestEdge {
  const edge = isRecord(value) && Object.keys(value).join() === 'shortest_edge' ? value.shortest_edge : undefined;
  const shortest_edge = edge === undefined && !square ? value : edge;
  if (isSide(shortest_edge)) return { shortest_edge };
  return parseImageSize(value, () => fail(`${SIDES}, or { "shortest_edge" }`));
}

function sidesOf(value: unknown): unknown[] {
  return isRecord(value) && Object.keys(value).length === 2 ? [value.height, value.width] : [];
}

function isSide(value: unknown): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= MAX_SIDE;
}
