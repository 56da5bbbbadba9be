// Garbage collection on demand, for tests of finalizers and of arrays that native code points into.
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

setFlagsFromString('--expose-gc');
const gc: unknown = runInNewContext('gc');

/** Collects all that is unreachable and lets finalizers run. */
export async function collectGarbage(): Promise<void> {
  if (typeof gc !== 'function') throw new TypeError('--expose-gc has no effect here');
  for (let round = 0; round < 3; round++) {
    gc();
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
