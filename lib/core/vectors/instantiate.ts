// Runs WebAssembly, the only way from JavaScript to the processor's vector instructions. For a few inner loops over
// millions of numbers: each has a counterpart in TypeScript, which is used where there are no vector instructions.

/** An instance's functions, which take and return 32-bit integers, and its memory. */
export interface VectorModule {
  readonly memory: ArrayBuffer;
  /** @returns what the function returns; 0 where that is nothing */
  call(name: string, ...parameters: number[]): number;
}

/** As far as it is used here; Node.js's types leave it out. */
declare const WebAssembly:
  | undefined
  | {
      validate(bytes: Uint8Array): boolean;
      Module: new (bytes: Uint8Array) => object;
      Instance: new (
        module: object,
      ) => {
        exports: Readonly<Record<string, (...parameters: number[]) => number | undefined>> & {
          readonly memory: { readonly buffer: ArrayBuffer };
        };
      };
    };

/**
 * @param base64 a module's bytes, which `npm run build:wasm` made of a .wat
 * @returns a function that makes the instance at its first call; it returns undefined where processor, Node.js's
 *   options or a limit of the address space leave no vector instructions
 */
export function lazyInstance(base64: string): () => VectorModule | undefined {
  let instance: VectorModule | undefined;
  let tried = false;
  return () => {
    if (!tried) instance = instantiate(Buffer.from(base64, 'base64'));
    tried = true;
    return instance;
  };
}

function instantiate(bytes: Uint8Array): VectorModule | undefined {
  if (typeof WebAssembly === 'undefined' || !WebAssembly.validate(bytes)) return undefined;
  try {
    const { exports } = new WebAssembly.Instance(new WebAssembly.Module(bytes));
    return { memory: exports.memory.buffer, call: (name, ...parameters) => exports[name](...parameters) ?? 0 };
  } catch (error) {
    // V8 reserves 8 GB of addresses for a memory of any size, which `ulimit -v` may not leave.
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}
