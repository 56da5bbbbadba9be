// Partial shapes in OpenVINO's own notation, which its parser reads back.
import type { Dimension } from './types';

/** @example formatShape([-1, 3, [1, 8]]) // '[?,3,1..8]' */
export function formatShape(shape: readonly Dimension[]): string {
  return `[${shape.map(formatDimension).join(',')}]`;
}

function formatDimension(dim: Dimension): string {
  if (typeof dim === 'number') return dim < 0 ? '?' : String(dim);
  return `${dim[0]}..${dim[1] < 0 ? '' : dim[1]}`;
}
