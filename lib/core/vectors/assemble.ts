// Puts WebAssembly functions together, instruction by instruction: the only way from JavaScript to the processor's vector instructions.
// For a few inner loops over millions of numbers; each has a counterpart in TypeScript, which is used where there are no vectors.
// Source for the encoding: webassembly.github.io/spec, "Binary Format" and "SIMD".

/** Bytes of one instruction, or of several in a row. */
export type Code = readonly number[];

// Locals are numbered: a function's parameters, all of them 32-bit integers, then its own 32-bit integers, then its vectors.
export const get = (local: number): Code => [0x20, local];
export const set = (local: number): Code => [0x21, local];

export const integer = (value: number): Code => [0x41, ...signed(value)];
export const ADD = [0x6a],
  LESS = [0x49];
export const LOAD = [0x28, 2, 0];
/** `local` += `step`, itself an instruction. */
export const advance = (local: number, step: Code): Code => [...get(local), ...step, ...ADD, ...set(local)];
/** Runs `body`, and again as long as `condition` is not 0. */
export const loop = (body: Code, condition: Code): Code => [0x03, 0x40, ...body, ...condition, 0x0d, 0, 0x0b];

const vector = (opcode: number, ...rest: number[]): Code => [0xfd, ...unsigned(opcode), ...rest];
// Loads and stores: 16 bytes; the first 4 with zeros behind; one integer four times; the first 4 or 8 bytes of a vector.
export const LOAD_VECTOR = vector(0x00, 0, 0),
  LOAD_4_BYTES = vector(0x5c, 0, 0),
  LOAD_REPEATED = vector(0x09, 2, 0);
export const STORE_VECTOR = vector(0x0b, 0, 0),
  STORE_4_BYTES = vector(0x5a, 0, 0, 0),
  STORE_8_BYTES = vector(0x5b, 0, 0, 0);
export const AND = vector(0x4e),
  OR = vector(0x50),
  SELECT = vector(0x52);
/** On four integers each. */
export const ADD_INTEGERS = vector(0xae),
  SUBTRACT_INTEGERS = vector(0xb1),
  MULTIPLY_INTEGERS = vector(0xb5),
  LESS_INTEGERS = vector(0x39),
  MINIMUM = vector(0xb6);
export const ADD_FLOATS = vector(0xe4);
// Half of a vector's bytes as 16 bits each, half of its 16-bit numbers as 32 bits each, and back: clipped to what fits.
export const WIDEN_LOWER_BYTES = vector(0x89),
  WIDEN_UPPER_BYTES = vector(0x8a),
  WIDEN_LOWER = vector(0xa9),
  WIDEN_UPPER = vector(0xaa);
export const NARROW_SIGNED = vector(0x85),
  NARROW_UNSIGNED = vector(0x86),
  NARROW_TO_BYTES = vector(0x66);
/** Four integers, right by so many bits, filled with zeros or with the sign. */
export const shiftRight = (bits: number): Code => [...integer(bits), ...vector(0xad)];
export const shiftRightSigned = (bits: number): Code => [...integer(bits), ...vector(0xac)];
/** One integer, or one float's bits, four times. */
export const four = (word: number): Code =>
  vector(0x0c, ...new Uint8Array(Int32Array.of(word, word, word, word).buffer));

export interface VectorFunction {
  readonly name: string;
  readonly parameters: number;
  /** Further locals. */
  readonly integers: number;
  readonly vectors: number;
  readonly body: Code;
}

/** A page of WebAssembly's memory. */
export const PAGE_BYTES = 1 << 16;

/** As far as it is used here; Node.js's types leave it out. */
declare const WebAssembly:
  | undefined
  | {
      validate(bytes: Uint8Array): boolean;
      Module: new (bytes: Uint8Array) => object;
      Instance: new (
        module: object,
      ) => {
        exports: Readonly<Record<string, (...parameters: number[]) => void>> & {
          readonly memory: { readonly buffer: ArrayBuffer };
        };
      };
    };

export interface Assembled {
  readonly memory: ArrayBuffer;
  call(name: string, ...parameters: number[]): void;
}

/** @returns undefined where processor or Node.js's options leave no vector instructions */
export function assemble(functions: readonly VectorFunction[], pages: number): Assembled | undefined {
  const bytes = moduleBytes(functions, pages);
  if (typeof WebAssembly === 'undefined' || !WebAssembly.validate(bytes)) return undefined;
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(bytes));
  return { memory: exports.memory.buffer, call: (name, ...parameters) => exports[name](...parameters) };
}

function moduleBytes(functions: readonly VectorFunction[], pages: number): Uint8Array {
  const I32 = 0x7f,
    V128 = 0x7b;
  const list = (items: readonly Code[]): Code => [...unsigned(items.length), ...items.flat()];
  const section = (id: number, content: Code): Code => [id, ...unsigned(content.length), ...content];
  const name = (text: string): Code => [text.length, ...Buffer.from(text)];
  const code = ({ integers, vectors, body }: VectorFunction): Code => {
    const content = [2, ...unsigned(integers), I32, ...unsigned(vectors), V128, ...body, 0x0b];
    return [...unsigned(content.length), ...content];
  };
  return Uint8Array.from([
    0x00,
    0x61,
    0x73,
    0x6d,
    1,
    0,
    0,
    0,
    ...section(1, list(functions.map(({ parameters }) => [0x60, ...list(Array<Code>(parameters).fill([I32])), 0]))), // types: integers in, nothing out
    ...section(3, list(functions.map((_, index) => [index]))),
    ...section(5, list([[0, ...unsigned(pages)]])),
    ...section(7, list([[...name('memory'), 2, 0], ...functions.map((each, index) => [...name(each.name), 0, index])])),
    ...section(10, list(functions.map(code))),
  ]);
}

/** A number as WebAssembly stores it: seven bits a byte, the lowest first. */
function unsigned(value: number): number[] {
  return value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...unsigned(value >>> 7)];
}

function signed(value: number): number[] {
  return value >= -0x40 && value < 0x40 ? [value & 0x7f] : [(value & 0x7f) | 0x80, ...signed(value >> 7)];
}
