// A model's first run packs its weights for the processor; from then on they are in memory twice, as the file has them
// and packed. The file's pages are released meanwhile (docs/decisions/024-mapped-weights-released.md).
import type { CompiledModel } from '../../openvino';
import { releaseMapped } from '../../openvino/mapped-weights';

/** The first release; packing reads some 50 MB in this time. The next waits twice as long, since the machine is slow. */
const FIRST_MS = 50;

/** Models that did not run yet, with their file of weights. */
const unpacked = new WeakMap<CompiledModel, string>();

export function noteWeights(model: CompiledModel, bin: string): void {
  unpacked.set(model, bin);
}

/** Runs a model; if it is for the first time, its weights are released while they are packed, and once more after. */
export async function packingWeights<T>(model: CompiledModel, run: () => Promise<T>): Promise<T> {
  const bin = unpacked.get(model);
  if (bin === undefined) return run();
  unpacked.delete(model);
  let timer: NodeJS.Timeout | undefined;
  const releaseIn = (ms: number): void => {
    timer = setTimeout(() => {
      releaseMapped(bin);
      releaseIn(2 * ms);
    }, ms).unref();
  };
  releaseIn(FIRST_MS);
  try {
    return await run();
  } finally {
    clearTimeout(timer);
    setImmediate(releaseLast, bin).unref(); // when the caller has gone on
  }
}

/** Waits while other models are read. */
function releaseLast(bin: string): void {
  if (releaseMapped(bin) === undefined) setTimeout(releaseLast, FIRST_MS, bin).unref();
}
