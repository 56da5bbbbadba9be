// Interrupts on the main thread, where cells run. A thread of its own (control.cjs) hears Jupyter's request; here the
// cell that waits is told, and left. SIGINT stays an ordinary event, so that a listener that a cell adds does no harm.
const { clearImmediate, setImmediate } = require('node:timers'); // cells may change the global ones
const { InterruptState, now } = require('./interrupt-state.cjs');
const { END_OWN_CODE, endOwnCode, forgetEnd } = require('./own-code.cjs');

/** An interrupt may overtake the request of the cell that it is for; an older one was for a kernel without work. */
const MAX_AHEAD_MS = 1000;

const state = new InterruptState();
let cells = 0;
/** The cell that runs: `sent`, `abandon`, `isTold`. */
let running;
/** The last interrupt that no cell was there for. */
let ahead;
let afterInterrupt = () => {};

/** @param onInterrupt called after a cell was stopped */
function listenToInterrupts(onInterrupt) {
  afterInterrupt = onInterrupt;
  process[END_OWN_CODE] = () => (state.isBusy ? state.isAimed && state.runsOwnCode : true) && endOwnCode();
  keepListening();
}

/** A cell may have removed all listeners; without one a signal for its programs would end the kernel. */
function keepListening() {
  if (!process.listeners('SIGINT').includes(onSignal)) process.on('SIGINT', onSignal);
}

function onSignal() {
  if (!state.isSignalOwn) interrupt(now());
}

/** @param sent when the interrupt was sent; see interrupt-state.cjs */
function interrupt(sent) {
  state.hear();
  const cell = state.cellMeantBy(sent);
  if (cell !== 0) stop(cell);
  else if (!running) ahead = { sent, heard: Date.now() };
}

function stop(cell) {
  state.aimAt(cell);
  const { abandon, isTold } = running;
  running.isTold = true;
  if (!isTold) process.emit('cell-interrupt'); // lib/core/interrupt-signal.ts
  // A cell that listens to that ends by itself; all others are left where they wait, or were ended in the middle.
  setImmediate(() => setImmediate(abandon));
  afterInterrupt();
}

/**
 * Runs a cell's code until it ends or is interrupted. It starts from the event loop, so that what an interrupt ends is
 * the cell and not the kernel around it.
 *
 * @param onAbandoned called when the cell is left; what it gives is the result
 * @param sent when the cell was sent
 */
function runInterruptibly(run, onAbandoned, sent) {
  return new Promise((resolve, reject) => {
    const start = setImmediate(() => run().then(resolve, reject));
    const abandon = () => {
      if (running !== cell) return;
      clearImmediate(start);
      resolve(onAbandoned());
    };
    const cell = { abandon, isTold: false };
    running = cell;
    forgetEnd();
    state.begin(++cells, sent);
    const early = ahead;
    ahead = undefined;
    if (early && Date.now() - early.heard < MAX_AHEAD_MS && state.cellMeantBy(early.sent) !== 0) stop(cells);
  }).finally(() => {
    keepListening();
    running = undefined;
    state.end();
  });
}

/** From here on it is the cell's own code that runs. */
function ownCodeStarts() {
  state.ownCodeStarts();
}

/**
 * Whether an error is the end of a cell that was interrupted: by the signal of lib/core/interrupt-signal.ts, or by the
 * one that programs get.
 */
function isInterruption(error) {
  if (!state.isAimed) return false;
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

module.exports = { interrupt, isInterruption, listenToInterrupts, ownCodeStarts, runInterruptibly, state };
