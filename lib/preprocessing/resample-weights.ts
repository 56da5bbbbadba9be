// PIL's filters, and the weights with which input pixels make up each output pixel of one axis.

/** Filters by PIL's name; `support` is the radius in output pixels (input pixels when enlarging). */
const FILTERS = {
  lanczos: { support: 3, weight: (x: number) => (x > -3 && x < 3 ? sinc(x) * sinc(x / 3) : 0) },
  bilinear: { support: 1, weight: (x: number) => Math.max(0, 1 - Math.abs(x)) },
  bicubic: { support: 2, weight: cubic },
  box: { support: 0.5, weight: (x: number) => (x > -0.5 && x <= 0.5 ? 1 : 0) },
  hamming: { support: 1, weight: hamming },
} as const;

/** `nearest` is no filter: each output pixel takes one input pixel. */
export type PilFilter = 'lanczos' | 'bilinear' | 'bicubic' | 'box' | 'hamming' | 'nearest';

/** PIL's numbers for its filters, as they stand in preprocessor_config.json. */
export const PIL_FILTERS: ReadonlyMap<number, PilFilter> = new Map([
  [0, 'nearest'],
  [1, 'lanczos'],
  [2, 'bilinear'],
  [3, 'bicubic'],
  [4, 'box'],
  [5, 'hamming'],
]);

/** 32 bits less 8 for the value and 2 for sums beyond 1: no sum of weights times values leaves an int32. */
export const PRECISION_BITS = 22;
export const HALF = 1 << (PRECISION_BITS - 1);

export interface ResampleWeights {
  /** Per output pixel: the first input pixel it depends on, and how many. */
  readonly first: Int32Array;
  readonly count: Int32Array;
  /** `stride` fixed-point weights per output pixel. */
  readonly values: Int32Array;
  readonly stride: number;
}

/** Weights of the input pixels near each output pixel's centre; they sum to 1 << PRECISION_BITS, but for rounding. */
export function computeWeights(
  inputSize: number,
  outputSize: number,
  filter: Exclude<PilFilter, 'nearest'>,
): ResampleWeights {
  const { support: radius, weight } = FILTERS[filter];
  const scale = inputSize / outputSize;
  const filterScale = Math.max(scale, 1);
  const support = radius * filterScale;
  const stride = Math.ceil(support) * 2 + 1;
  const first = new Int32Array(outputSize);
  const count = new Int32Array(outputSize);
  const values = new Int32Array(outputSize * stride);
  const raw = new Float64Array(stride);
  for (let out = 0; out < outputSize; out++) {
    const centre = (out + 0.5) * scale;
    const from = Math.max(0, Math.trunc(centre - support + 0.5));
    const taps = Math.min(inputSize, Math.trunc(centre + support + 0.5)) - from;
    let sum = 0;
    for (let tap = 0; tap < taps; tap++) sum += raw[tap] = weight((tap + from - centre + 0.5) * (1 / filterScale));
    for (let tap = 0; tap < taps; tap++) {
      const fixed = (sum === 0 ? raw[tap] : raw[tap] / sum) * (1 << PRECISION_BITS);
      values[out * stride + tap] = Math.trunc(fixed < 0 ? fixed - 0.5 : fixed + 0.5);
    }
    first[out] = from;
    count[out] = taps;
  }
  return { first, count, values, stride };
}

/** Keys' cubic with a = -0.5 (Catmull-Rom). */
function cubic(x: number): number {
  const a = -0.5;
  const d = Math.abs(x);
  if (d < 1) return ((a + 2) * d - (a + 3)) * d * d + 1;
  return d < 2 ? (((d - 5) * d + 8) * d - 4) * a : 0;
}

function hamming(x: number): number {
  const d = Math.abs(x);
  if (d === 0) return 1;
  return d >= 1 ? 0 : (Math.sin(d * Math.PI) / (d * Math.PI)) * (0.54 + 0.46 * Math.cos(d * Math.PI));
}

function sinc(x: number): number {
  return x === 0 ? 1 : Math.sin(x * Math.PI) / (x * Math.PI);
}
