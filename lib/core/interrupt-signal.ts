// Lets a long call stop when the notebook's cell around it is interrupted: the kernel's launcher passes the interrupt on as an event.

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

/** `signal`, which an interrupt of the kernel aborts too: for calls whose work would go on by itself after the cell has ended. */
export function orInterrupted(signal: AbortSignal | undefined): AbortSignal {
  const interrupted = interruptSignal();
  if (!signal || signal.aborted) return signal ?? interrupted;
  const either = new AbortController(); // AbortSignal.any, which the types of the kernel's compiler lack
  const options = { once: true, signal: either.signal };
  for (const source of [signal, interrupted])
    source.addEventListener('abort', () => either.abort(source.reason), options);
  return either.signal;
}
