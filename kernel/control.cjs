// The kernel's control channel, on a thread of its own: interrupts and shutdowns get through while a cell keeps the
// main thread busy.
const inspector = require('node:inspector');
const { parentPort, workerData } = require('node:worker_threads');
const { buildReply, parseMessage } = require('./wire.cjs');

const { connection, shared, zeromq } = workerData;
const { RUNNING, HEARD, ASKED } = workerData.slots;
const zmq = require(zeromq);

/** How long the main thread may take to hear of an interrupt or a shutdown before it counts as stuck. */
const GRACE_MS = 250;
/** How often to check that Jupyter is still running: a kernel without it would never end. */
const PARENT_CHECK_MS = 1000;

const state = new Int32Array(shared);
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
      interrupt();
      await socket.send(buildReply(message, { status: 'ok' }, connection.key));
    } else if (message?.type === 'shutdown_request') {
      const content = { status: 'ok', restart: message.content.restart };
      await socket.send(buildReply(message, content, connection.key));
      shutDown();
    } else if (message) parentPort.postMessage({ type: 'message', frames });
  }
}

/** Tells the cell; one that does not listen, because it never comes back to the event loop, is stopped. */
function interrupt() {
  const before = Atomics.load(state, HEARD);
  Atomics.store(state, ASKED, 1); // a cell that waits for a program may fail before the main thread hears of it
  if (!signalGroup()) parentPort.postMessage({ type: 'interrupt' });
  const timer = setInterval(() => {
    if (Atomics.load(state, HEARD) !== before) return clearInterval(timer);
    signalGroup(); // the cell may wait for a program that was only just started
    if (Atomics.load(state, RUNNING) === 1) terminate();
  }, GRACE_MS);
}

/**
 * SIGINT for the kernel and the programs that its cells started, as a terminal does. Jupyter makes the kernel the
 * leader of its group.
 */
function signalGroup() {
  if (process.platform === 'win32') return false; // there a signal would end the kernel
  try {
    process.kill(-process.pid, 'SIGINT');
    return true;
  } catch {
    return false;
  }
}

/** Ends what runs on the main thread right now, up to the event loop. Works from another thread only. */
function terminate() {
  const session = new inspector.Session();
  session.connectToMainThread();
  session.post('Runtime.terminateExecution', () => session.disconnect());
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
