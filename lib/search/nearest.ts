// The rows that are nearest to a vector: all of them are compared. 100,000 rows of 256 numbers take some 10 ms
// (docs/search.md), so that no approximate index is needed, which would have to be built and would miss some.
import { dotRows } from './dot-rows';

export interface Neighbour {
  readonly row: number;
  /** The dot product: of rows of length 1, their cosine. */
  readonly cosine: number;
}

/**
 * The `count` rows with the largest dot products, the largest first; of equal ones the first row.
 *
 * @param rows [n, vector.length]
 */
export function nearest(vector: Float32Array, rows: Float32Array, count: number): Neighbour[] {
  const products = new Float32Array(rows.length / vector.length);
  if (!dotRows(vector, rows, products))
    for (let row = 0; row < products.length; row++) products[row] = dotRow(vector, rows, row * vector.length);
  return largest(products, count);
}

/** Four sums, which do not wait for one another. */
function dotRow(vector: Float32Array, rows: Float32Array, start: number): number {
  let [a, b, c, d] = [0, 0, 0, 0];
  let i = 0;
  for (; i + 3 < vector.length; i += 4) {
    a += vector[i] * rows[start + i];
    b += vector[i + 1] * rows[start + i + 1];
    c += vector[i + 2] * rows[start + i + 2];
    d += vector[i + 3] * rows[start + i + 3];
  }
  for (; i < vector.length; i++) a += vector[i] * rows[start + i];
  return a + b + c + d;
}

/**
 * A heap of the `count` largest so far, the smallest of them on top: nearly every value is compared with that alone.
 */
function largest(values: Float32Array, count: number): Neighbour[] {
  const heap: number[] = [];
  /** Of equal values, the later row is the smaller. */
  const isSmaller = (a: number, b: number): boolean => values[a] < values[b] || (values[a] === values[b] && a > b);
  const swap = (a: number, b: number): void => {
    [heap[a], heap[b]] = [heap[b], heap[a]];
  };
  const siftUp = (): void => {
    for (let at = heap.length - 1; at > 0; ) {
      const parent = (at - 1) >> 1;
      if (!isSmaller(heap[at], heap[parent])) return;
      swap(at, parent);
      at = parent;
    }
  };
  const siftDown = (): void => {
    for (let at = 0; ; ) {
      let least = at;
      for (const child of [2 * at + 1, 2 * at + 2])
        if (child < heap.length && isSmaller(heap[child], heap[least])) least = child;
      if (least === at) return;
      swap(at, least);
      at = least;
    }
  };
  for (let row = 0; row < values.length && count > 0; row++) {
    if (heap.length < count) {
      heap.push(row);
      siftUp();
    } else if (values[row] > values[heap[0]]) {
      heap[0] = row;
      siftDown();
    }
  }
  return heap.sort((a, b) => (isSmaller(a, b) ? 1 : -1)).map((row) => ({ row, cosine: values[row] }));
}
