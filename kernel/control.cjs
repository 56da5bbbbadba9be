// The kernel's control channel, on a thread of its own: interrupts and shutdowns get through while a cell keeps the
// main thread busy.
const { createHmac, randomUUID, timingSafeEqual } = require('node:crypto');
const inspector = require('node:inspector');
const { parentPort, workerData } = require('node:worker_threads');

const { connection, shared, zeromq } = workerData;
const { RUNNING, HEARD, ASKED } = workerData.slots;
const zmq = require(zeromq);

/** How long the main thread may take to hear of an interrupt or a shutdown before it counts as stuck. */
const GRACE_MS = 250;
/** How often to check that Jupyter is still running: a kernel without it would never end. */
const PARENT_CHECK_MS = 1000;
const DELIMITER = '<IDS|MSG>';

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
    const message = parse(frames);
    if (message?.type === 'interrupt_request') {
      interrupt();
      await reply(message, { status: 'ok' });
    } else if (message?.type === 'shutdown_request') {
      await reply(message, { status: 'ok', restart: message.content.restart });
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

/** A signed request, or undefined: what is not signed with the connection's key is not from Jupyter. */
function parse(frames) {
  const at = frames.findIndex((frame) => frame.toString() === DELIMITER);
  if (at < 0 || frames.length < at + 6) return undefined;
  const [signature, ...parts] = frames.slice(at + 1);
  const expected = Buffer.from(sign(parts));
  if (connection.key && !(signature.length === expected.length && timingSafeEqual(signature, expected)))
    return undefined;
  const header = JSON.parse(parts[0].toString());
  return { type: header.msg_type, header, content: JSON.parse(parts[3].toString()), identity: frames.slice(0, at) };
}

async function reply({ header, identity }, content) {
  const own = {
    ...header,
    msg_id: randomUUID(),
    msg_type: header.msg_type.replace('_request', '_reply'),
    date: new Date().toISOString(),
  };
  const parts = [own, header, {}, content].map((part) => Buffer.from(JSON.stringify(part)));
  await socket.send([...identity, DELIMITER, connection.key ? sign(parts) : '', ...parts]);
}

function sign(parts) {
  const hash = createHmac('sha256', connection.key);
  for (const part of parts) hash.update(part);
  return hash.digest('hex');
}
