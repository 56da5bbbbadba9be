// The kernel's control channel, on a thread of its own: interrupts and shutdowns get through while a cell keeps the
// main thread busy.
const inspector = require('node:inspector');
const { parentPort, workerData } = require('node:worker_threads');
const { InterruptState, sentAt } = require('./interrupt-state.cjs');
const { buildReply, parseMessage } = require('./wire.cjs');

const { connection, shared, zeromq } = workerData;
const zmq = require(zeromq);
/** See own-code.cjs, which belongs to the main thread. */
const END_OWN_CODE = "process[Symbol.for('blip-kernel.endOwnCode')]()";

/** How long the main thread may take to hear of an interrupt or a shutdown before it counts as stuck. */
const GRACE_MS = 250;
/** Until the main thread would have come back to its event loop, if it were not stuck. */
const AGAIN_MS = 20;
/** How often to check that Jupyter is still running: a kernel without it would never end. */
const PARENT_CHECK_MS = 1000;

const state = new InterruptState(shared);
const socket = new zmq.Router();
const parent = process.ppid;

parentPort.on('message', (frames) => void socket.send(frames.map(Buffer.from)));
setInterval(endWithoutParent, PARENT_CHECK_MS);
void listen();

async function listen() {
  await socket.bind(`${connection.transport}://${connection.ip}:${connection.control_port}`);
  parentPort.postMessage({ type: 'bound' });
  for await (const frames of socket) {
    const message = parseMessage(frames, connection.key);
    if (message?.type === 'interrupt_request') {
      interrupt(sentAt(message.header));
      await socket.send(buildReply(message, { status: 'ok' }, connection.key));
    } else if (message?.type === 'shutdown_request') {
      const content = { status: 'ok', restart: message.content.restart };
      await socket.send(buildReply(message, content, connection.key));
      shutDown();
    } else if (message) parentPort.postMessage({ type: 'message', frames });
  }
}

/**
 * Tells the main thread, and again until the cell is left: a callback that waited behind the code that is ended may
 * have gone with it.
 */
function interrupt(sent) {
  const before = state.heard;
  tell();
  const timer = setInterval(() => {
    if (state.heard !== before && state.cellMeantBy(sent) === 0) return clearInterval(timer);
    const isMeant = tell(); // the cell may wait for a program that was only just started
    if (isMeant || !state.isBusy) endOwnCode();
  }, GRACE_MS);

  function tell() {
    parentPort.postMessage({ type: 'interrupt', sent });
    return signalPrograms(sent);
  }
}

/**
 * SIGINT for the programs that the cell started, as a terminal does: for the kernel's group, whose leader Jupyter makes
 * it.
 * @returns whether the interrupt is for the cell that runs
 */
function signalPrograms(sent) {
  const cell = state.cellMeantBy(sent);
  if (cell === 0) return false;
  state.aimAt(cell); // a cell that waits for a program may fail before the main thread hears of it
  if (process.platform === 'win32') return true; // there a signal would end the kernel
  state.signalIsSent();
  try {
    process.kill(-process.pid, 'SIGINT');
  } catch {
    // started in another way than by Jupyter: no group
  }
  return true;
}

let isEnding = false;

/** Calls into the main thread, in the middle of whatever it does. Works from another thread only. */
function endOwnCode() {
  if (isEnding) return; // it waits for something outside of JavaScript, and is asked as soon as it is back
  isEnding = true;
  const session = new inspector.Session();
  session.connectToMainThread();
  session.post('Runtime.evaluate', { expression: END_OWN_CODE }, (_error, answer) => {
    isEnding = false;
    session.disconnect();
    if (answer?.result.value === true) setTimeout(endOwnCode, AGAIN_MS);
  });
}

function shutDown() {
  socket.close(); // a process that ends under an open one is aborted by zeromq
  parentPort.postMessage({ type: 'shutdown' });
  setTimeout(end, GRACE_MS);
}

function endWithoutParent() {
  if (process.platform !== 'win32') return process.ppid === parent || end();
  try {
    process.kill(parent, 0);
  } catch (error) {
    if (error.code === 'ESRCH') end();
  }
}

function end() {
  process.kill(process.pid, 'SIGKILL');
}
