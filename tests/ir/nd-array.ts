// Arrays with axes in plain TypeScript, one number after the other: slow, and simple enough to be believed.

export interface Nd {
  readonly shape: readonly number[];
  readonly data: readonly number[];
}

/** Fills an array from its indices, the last axis fastest. */
export function generate(shape: readonly number[], value: (index: readonly number[]) => number): Nd {
  const size = shape.reduce((a, b) => a * b, 1);
  const data = Array.from({ length: size }, (_, flat) => {
    const index: number[] = [];
    for (let axis = shape.length - 1, rest = flat; axis >= 0; axis--) {
      index.unshift(rest % shape[axis]);
      rest = Math.floor(rest / shape[axis]);
    }
    return value(index);
  });
  return { shape, data };
}

/** The value at an index; axes of size 1 and missing leading ones repeat. */
export function at({ shape, data }: Nd, index: readonly number[]): number {
  const own = index.slice(index.length - shape.length);
  return data[shape.reduce((flat, size, axis) => flat * size + (size === 1 ? 0 : own[axis]), 0)];
}

export function sum(length: number, term: (i: number) => number): number {
  let total = 0;
  for (let i = 0; i < length; i++) total += term(i);
  return total;
}

/** The shape two arrays broadcast to. */
export function common(a: readonly number[], b: readonly number[]): number[] {
  return Array.from({ length: Math.max(a.length, b.length) }, (_, i, rank = Math.max(a.length, b.length)) => {
    const [x, y] = [a[i - rank + a.length] ?? 1, b[i - rank + b.length] ?? 1];
    return x === 1 ? y : x;
  });
}

/** Shares over the last axis. */
export function softmaxOf(a: Nd): Nd {
  const last = a.shape.length - 1;
  const row = (index: readonly number[]): number[] =>
    Array.from({ length: a.shape[last] }, (_, i) => at(a, [...index.slice(0, last), i]));
  return generate(a.shape, (index) => {
    const values = row(index);
    const largest = Math.max(...values);
    return Math.exp(at(a, index) - largest) / sum(values.length, (i) => Math.exp(values[i] - largest));
  });
}

/** The error function by its series, to 1e-12 where |x| < 4. */
export function erf(x: number): number {
  let [term, total] = [x, x];
  for (let n = 1; n < 120; n++) {
    term *= (-x * x) / n;
    total += term / (2 * n + 1);
  }
  return (2 / Math.sqrt(Math.PI)) * total;
}
