// A model's first run packs its weights for the processor; from then on they are in memory twice, as the file has them
// and packed. The pages of the file, and of the cache's file if the model came from there, are released meanwhile
// (docs/decisions/024-mapped-weights-released.md).
import type { CompiledModel } from '../../openvino';
import { releaseMapped } from '../../openvino/mapped-weights';
import { compiledGraph } from './shared-model';

/**
 * The first release; packing reads some 50 MB in this time. The next waits twice as long, since the machine is slow.
 */
const FIRST_MS = 50;

/** Models that did not run yet, with the files that they map. */
const unpacked = new WeakMap<CompiledModel, readonly string[]>();

/** @param model the graph itself, not one of its handles */
export function noteMapped(model: CompiledModel, files: readonly string[]): void {
  unpacked.set(model, files);
}

/** Runs a model; if it is for the first time, its weights are released while they are packed, and once more after. */
export async function packingWeights<T>(model: CompiledModel, run: () => Promise<T>): Promise<T> {
  const graph = compiledGraph(model);
  const files = unpacked.get(graph);
  if (files === undefined) return run();
  unpacked.delete(graph);
  let timer: NodeJS.Timeout | undefined;
  const releaseIn = (ms: number): void => {
    timer = setTimeout(() => {
      files.forEach(releaseMapped);
      releaseIn(2 * ms);
    }, ms).unref();
  };
  releaseIn(FIRST_MS);
  try {
    return await run();
  } finally {
    clearTimeout(timer);
    setImmediate(releaseLast, files).unref(); // when the caller has gone on
  }
}

/** Waits while other models are read. */
function releaseLast(files: readonly string[]): void {
  if (files.some((file) => releaseMapped(file) === undefined)) setTimeout(releaseLast, FIRST_MS, files).unref();
}
