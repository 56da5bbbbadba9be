// Ends the code of a cell that never comes back to the event loop, and nothing else: the kernel's own work, also that
// which a cell calls, is done first. A termination takes what waits on the microtask queue with it.
const inspector = require('node:inspector');
const path = require('node:path');
const { setImmediate } = require('node:timers'); // cells may change the global ones
const { root } = require('./tslab-parts.cjs');

/** The function on `process` that control.cjs calls, in the middle of whatever runs. */
const END_OWN_CODE = Symbol.for('blip-kernel.endOwnCode');
const KERNELS_PACKAGES = /[\\/]node_modules[\\/](tslab|@tslab|zeromq)[\\/]/;
/** Deeper stacks are a cell's: the kernel does not nest that far. */
const MAX_FRAMES = 200;
/** framesBelow, endOwnCode and the function that is on `process`. */
const OWN_FRAMES = 3;

const session = new inspector.Session();
session.connect();
let isWanted = false;
let isLoopAwaited = false;

/** A function of the kernel that cells call; it is not called again from within. */
function uninterrupted(work) {
  return function whole(...given) {
    try {
      return work.apply(this, given);
    } finally {
      if (isWanted) terminate();
    }
  };
}

/** To be called when another cell begins: what the last one was to end with is of no matter to this one. */
function forgetEnd() {
  isWanted = false;
}

/**
 * Called in the middle of whatever runs on this thread.
 * @returns whether to call it again soon: it cannot be told yet
 */
function endOwnCode() {
  const frames = framesBelow();
  if (frames.length === 0) return endMicrotasks();
  if (!frames.some(isOfCells) && frames.length < MAX_FRAMES) return false;
  isWanted = frames.includes(__filename);
  if (!isWanted) terminate();
  return false; // at once: a call from here would be ended in place of the cell
}

/** Nothing on the stack: the thread waits, or is between two of the microtasks that never end. */
function endMicrotasks() {
  if (isLoopAwaited) {
    terminate();
    return false;
  }
  isLoopAwaited = true;
  setImmediate(() => {
    isLoopAwaited = false;
  });
  return true;
}

/** What runs ends where it next calls a function or begins another round of a loop. */
function terminate() {
  isWanted = isLoopAwaited = false;
  session.post('Runtime.terminateExecution');
}

/** The files of what was running when this was called; what called it, from another thread, has none. */
function framesBelow() {
  const { prepareStackTrace, stackTraceLimit } = Error;
  Error.stackTraceLimit = MAX_FRAMES;
  Error.prepareStackTrace = (_error, sites) => sites.map((site) => site.getFileName());
  const { stack } = new Error();
  Object.assign(Error, { prepareStackTrace, stackTraceLimit });
  return stack.slice(OWN_FRAMES).filter((file) => file);
}

function isOfCells(file) {
  if (file.startsWith('node:') || path.dirname(file) === path.join(root, 'kernel')) return false;
  return !KERNELS_PACKAGES.test(file);
}

module.exports = { END_OWN_CODE, endOwnCode, forgetEnd, uninterrupted };
