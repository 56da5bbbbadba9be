// Lets a long call stop when the notebook's cell around it is interrupted: the kernel's launcher passes the interrupt
// on as an event.

const EVENT = 'cell-interrupt';

/** One for all calls since the last interrupt. */
let controller: AbortController | undefined;

/**
 * A signal that aborts at the next interrupt of the kernel. Outside a notebook it never does.
 *
 * @example
 * await compareModels(fp16, int8, samples, { signal: interruptSignal() });
 */
export function interruptSignal(): AbortSignal {
  if (controller) return controller.signal;
  const created = new AbortController();
  controller = created;
  const emitter: NodeJS.EventEmitter = process;
  emitter.once(EVENT, () => {
    controller = undefined;
    created.abort(new Error('Interrupted'));
  });
  return created.signal;
}

/**
 * Runs work with a signal that `signal` and an interrupt of the kernel abort: for work that would go on by itself after
 * the cell has ended.
 * At its end it listens to neither any more.
 *
 * @example
 * await withInterrupt(options.signal, (signal) => runWorker({ signal }));
 */
export async function withInterrupt<T>(
  signal: AbortSignal | undefined,
  run: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const either = new AbortController(); // AbortSignal.any, which the types of the kernel's compiler lack
  const sources = signal ? [signal, interruptSignal()] : [interruptSignal()];
  const abort = (): void => either.abort(sources.find(({ aborted }) => aborted)?.reason);
  if (signal?.aborted) abort();
  for (const source of sources) source.addEventListener('abort', abort, { once: true });
  try {
    return await run(either.signal);
  } finally {
    for (const source of sources) source.removeEventListener('abort', abort);
  }
}
