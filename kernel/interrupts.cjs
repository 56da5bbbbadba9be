// Interrupts. A thread of its own (control.cjs) hears Jupyter's request and ends what computes; here the cell that
// waits is told, and left. SIGINT stays an ordinary event, so that a listener that a cell adds does no harm.

/**
 * What this thread and control.cjs tell each other: a cell's own code runs, interrupts heard here, the cell was to be
 * interrupted.
 */
const slots = { RUNNING: 0, HEARD: 1, ASKED: 2 };
const state = new Int32Array(new SharedArrayBuffer(Object.keys(slots).length * Int32Array.BYTES_PER_ELEMENT));

let abandon = () => {};

function listenToInterrupts() {
  process.on('SIGINT', () => {
    Atomics.store(state, slots.ASKED, 1);
    Atomics.add(state, slots.HEARD, 1);
    process.emit('cell-interrupt'); // lib/core/interrupt-signal.ts
    // A cell that listens to that ends by itself; all others are left where they wait, or were ended in the middle.
    setImmediate(() => setImmediate(() => abandon()));
  });
}

/**
 * Runs a cell's code until it ends or is interrupted. It starts from the event loop, so that what an interrupt ends is
 * the cell and not the kernel around it.
 *
 * @param onAbandoned called when the cell is left; what it gives is the result
 */
function runInterruptibly(run, onAbandoned) {
  return new Promise((resolve, reject) => {
    Atomics.store(state, slots.ASKED, 0);
    const start = setImmediate(() => run().then(resolve, reject));
    abandon = () => {
      clearImmediate(start);
      resolve(onAbandoned());
    };
  }).finally(() => {
    abandon = () => {};
    Atomics.store(state, slots.RUNNING, 0);
  });
}

/** From here on it is the cell's own code that runs. */
function ownCodeStarts() {
  Atomics.store(state, slots.RUNNING, 1);
}

/**
 * Whether an error is the end of a cell that was interrupted: by the signal of lib/core/interrupt-signal.ts, or by the
 * one that programs get.
 */
function isInterruption(error) {
  if (Atomics.load(state, slots.ASKED) !== 1) return false;
  return causes(error).some(
    ({ name, message, signal }) => name === 'AbortError' || message === 'Interrupted' || signal === 'SIGINT',
  );
}

/** An error, its cause, that one's cause and so on. */
function causes(error) {
  const found = [];
  for (let at = error; at instanceof Error && !found.includes(at); at = at.cause) found.push(at);
  return found;
}

module.exports = { isInterruption, listenToInterrupts, ownCodeStarts, runInterruptibly, slots, state };
