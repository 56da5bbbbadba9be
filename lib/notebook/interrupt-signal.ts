// Lets a long call stop when the reader presses "Interrupt": the kernel's launcher passes the signal on as an event.

/**
 * A signal that aborts at the next interrupt of the kernel.
 *
 * @example
 * await quantizeBlip(folder, samples, output, { signal: interruptSignal() });
 */
export function interruptSignal(): AbortSignal {
  const controller = new AbortController();
  const emitter: NodeJS.EventEmitter = process;
  emitter.once('cell-interrupt', () => controller.abort(new Error('Interrupted')));
  return controller.signal;
}
