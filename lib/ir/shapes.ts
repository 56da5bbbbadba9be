// Shapes whose sizes may be known only at run time: broadcasting, comparison, notation.

import { checkArguments } from '../core/check-arguments';
/** Sizes; -1 (DYNAMIC) stands for a size that is known only at run time. */
export type Shape = readonly number[];

export const DYNAMIC = -1;

/**
 * NumPy's broadcasting; a dynamic size against 1 stays dynamic, against n > 1 it becomes n. Undefined if the shapes do
 * not broadcast.
 */
export function broadcastShapes(a: Shape, b: Shape): Shape | undefined {
  checkArguments('broadcastShapes', { a: [a, 'list'], b: [b, 'list'] });
  const rank = Math.max(a.length, b.length);
  const out: number[] = [];
  for (let axis = 0; axis < rank; axis++) {
    const x = a[axis - rank + a.length] ?? 1;
    const y = b[axis - rank + b.length] ?? 1;
    if (x === y || y === 1) out.push(x);
    else if (x === 1) out.push(y);
    else if (x === DYNAMIC || y === DYNAMIC) out.push(Math.max(x, y));
    else return undefined;
  }
  return out;
}

/** Whether two sizes can be equal at run time. */
export function sizesMatch(a: number, b: number): boolean {
  return a === b || a === DYNAMIC || b === DYNAMIC;
}

/** The number of elements of a static shape. */
export function elementCount(shape: Shape): number {
  return shape.reduce((product, dim) => product * dim, 1);
}

/** @example formatShape([-1, 3]) // '[?, 3]' */
export function formatShape(shape: Shape): string {
  checkArguments('formatShape', { shape: [shape, 'list'] });
  return `[${shape.map(formatDimension).join(', ')}]`;
}

/** @example formatDimension(-1) // '?' */
export function formatDimension(dim: number): string {
  return dim < 0 ? '?' : String(dim);
}
