// A tensor whose values do not lie in their order: which ones make up a piece, and how to collect them with few reads
// and little memory. PyTorch stores such tensors as views of a storage: transposed matrices, slices, channels-last
// convolutions, expanded rows.

/** Value [i, j, …] lies at `offset + i * strides[0] + j * strides[1] + …` of the storage. All in values, not bytes. */
export interface StridedLayout {
  readonly offset: number;
  readonly shape: readonly number[];
  readonly strides: readonly number[];
}

/** Reads this many values from `position` of the storage, into memory that may be used again by the next read. */
export type ReadValues = (position: number, count: number) => Uint8Array;

/** A stretch of the storage this long is read at once: memory for it is held while a tensor is collected. */
const MAX_STRETCH_BYTES = 1 << 20;
/** A longer stretch is only read at once when at least one value in so many is wanted. */
const MAX_WASTE = 8;
/** Shorter stretches cost as much as the call that reads them, however few of their values are wanted. */
const CHEAP_STRETCH_BYTES = 4096;

/** Whether the values lie one after the other in their order. */
export function isContiguous({ shape, strides }: StridedLayout): boolean {
  let expected = 1;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    if (shape[axis] !== 1 && strides[axis] !== expected) return shape.includes(0);
    expected *= shape[axis];
  }
  return true;
}

/**
 * The part that begins with value number `first` (in row-major order) and is at most `most` values long: as many whole
 * rows, planes and so on as fit. It is a layout of its own.
 */
export function partOf(layout: StridedLayout, first: number, most: number): StridedLayout {
  const { shape, strides } = layout;
  let offset = layout.offset;
  let rest = first;
  let inner = countOf(shape);
  for (let axis = 0; axis < shape.length; axis++) {
    inner /= shape[axis];
    const index = Math.floor(rest / inner);
    rest -= index * inner;
    offset += index * strides[axis];
    if (rest === 0 && inner <= most) {
      const count = Math.min(shape[axis] - index, Math.floor(most / inner));
      return { offset, shape: [count, ...shape.slice(axis + 1)], strides: strides.slice(axis) };
    }
  }
  return { offset, shape: [], strides: [] };
}

/**
 * Puts a layout's values into `target`, in row-major order. Whatever the strides are, the number of reads is at most
 * that of the values: a layout is halved along its widest axis until its values lie closely enough to be read as one
 * stretch.
 *
 * @param valueBytes bytes per value
 */
export function collect(layout: StridedLayout, valueBytes: number, read: ReadValues, target: Uint8Array): void {
  const { shape } = layout;
  const targetStrides = shape.map((_, axis) => countOf(shape.slice(axis + 1)));
  collectInto({ ...layout, targetOffset: 0, targetStrides }, valueBytes, read, target);
}

interface Mapping extends StridedLayout {
  readonly targetOffset: number;
  readonly targetStrides: readonly number[];
}

function collectInto(mapping: Mapping, valueBytes: number, read: ReadValues, target: Uint8Array): void {
  const { shape, strides, offset, targetOffset, targetStrides } = mapping;
  const count = countOf(shape);
  if (count === 0) return;
  const reaches = shape.map((size, axis) => (size - 1) * strides[axis]);
  const stretch = 1 + reaches.reduce((sum, reach) => sum + reach, 0);
  const bytes = stretch * valueBytes;
  if (bytes <= CHEAP_STRETCH_BYTES || (bytes <= MAX_STRETCH_BYTES && stretch <= count * MAX_WASTE)) {
    scatter(mapping, valueBytes, read(offset, stretch), target);
    return;
  }
  const axis = reaches.indexOf(Math.max(...reaches));
  const half = Math.ceil(shape[axis] / 2);
  const part = (from: number, to: number): Mapping => ({
    offset: offset + from * strides[axis],
    shape: shape.map((size, i) => (i === axis ? to - from : size)),
    strides,
    targetOffset: targetOffset + from * targetStrides[axis],
    targetStrides,
  });
  collectInto(part(0, half), valueBytes, read, target);
  collectInto(part(half, shape[axis]), valueBytes, read, target);
}

/** Copies each value from its place in the stretch to its place in `target`. */
function scatter(mapping: Mapping, valueBytes: number, stretch: Uint8Array, target: Uint8Array): void {
  // 8 bytes are copied as two words: as a double, a NaN might change its bits
  const words = Math.max(1, valueBytes / 4);
  const [from, to] = [wordsOf(stretch, valueBytes), wordsOf(target, valueBytes)];
  const axes = mapping.shape.map((_, axis) => axis).filter((axis) => mapping.shape[axis] > 1);
  const walk = (level: number, source: number, goal: number): void => {
    const axis = axes[level];
    const size = level < axes.length ? mapping.shape[axis] : 1;
    const [step, goalStep] = level < axes.length ? [mapping.strides[axis], mapping.targetStrides[axis]] : [0, 0];
    for (let i = 0; i < size; i++, source += step, goal += goalStep) {
      if (level < axes.length - 1) walk(level + 1, source, goal);
      else for (let word = 0; word < words; word++) to[goal * words + word] = from[source * words + word];
    }
  };
  walk(0, 0, mapping.targetOffset);
}

function wordsOf(
  { buffer, byteOffset, byteLength }: Uint8Array,
  valueBytes: number,
): Uint8Array | Uint16Array | Uint32Array {
  if (valueBytes === 1) return new Uint8Array(buffer, byteOffset, byteLength);
  if (valueBytes === 2) return new Uint16Array(buffer, byteOffset, Math.floor(byteLength / 2));
  return new Uint32Array(buffer, byteOffset, Math.floor(byteLength / 4));
}

export function countOf(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}
