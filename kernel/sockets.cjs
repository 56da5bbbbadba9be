// The kernel's sockets: bound to the ports that Jupyter chose, with sends that are not lost.
const path = require('node:path');
const { setImmediate } = require('node:timers'); // cells may change the global ones
const { Worker } = require('node:worker_threads');
const { zeromqPath } = require('./tslab-parts.cjs');

/**
 * zeromq refuses all but some hundred sends per turn of the event loop: past that, output would be lost. They wait
 * here.
 */
class SendQueue {
  #socket;
  #waiting = [];
  #isDraining = false;
  #turn = 0;

  constructor(socket) {
    this.#socket = socket;
  }

  send(frames) {
    this.#waiting.push(frames);
    if (!this.#isDraining) void this.#drain();
  }

  /** After a cell was ended in the middle: with it went what waited for its turn, perhaps this queue. */
  restart() {
    if (this.#isDraining) void this.#drain();
  }

  async #drain() {
    const turn = ++this.#turn;
    this.#isDraining = true;
    while (turn === this.#turn && this.#waiting.length > 0 && !this.#socket.closed) {
      const frames = this.#waiting.shift();
      try {
        await this.#socket.send(frames);
      } catch (error) {
        if (error.code === 'EBUSY') this.#waiting.unshift(frames);
        await new Promise(setImmediate);
      }
    }
    if (turn === this.#turn) this.#isDraining = false;
  }
}

/**
 * Binds all sockets. Control messages come through a thread of their own (control.cjs); what is for the main thread is
 * handed to `onControl`: `{ type: 'interrupt' | 'shutdown' | 'message', sent, frames }`.
 *
 * @returns `publish` and `reply` take frames; `onMessage` is called with the frames of each shell message
 */
async function openSockets(connection, { state, onMessage, onControl }) {
  const zmq = require(zeromqPath);
  const address = (port) => `${connection.transport}://${connection.ip}:${port}`;
  const iopub = new zmq.Publisher({ sendHighWaterMark: 0 });
  const shell = new zmq.Router({ sendHighWaterMark: 0 });
  const stdin = new zmq.Router();
  const heartbeat = new zmq.Reply();
  const control = new Worker(path.join(__dirname, 'control.cjs'), {
    workerData: { connection, shared: state.buffer, zeromq: zeromqPath },
  });
  const bound = new Promise((resolve, reject) => {
    control.on('error', reject);
    control.on('message', (message) => (message.type === 'bound' ? resolve() : onControl(message)));
  });
  await Promise.all([
    bound,
    iopub.bind(address(connection.iopub_port)),
    shell.bind(address(connection.shell_port)),
    stdin.bind(address(connection.stdin_port)),
    heartbeat.bind(address(connection.hb_port)),
  ]);
  const published = new SendQueue(iopub);
  const replies = new SendQueue(shell);
  void each(shell, (frames) => onMessage(frames));
  void each(heartbeat, (frames) => heartbeat.send(frames));
  return {
    publish: (frames) => published.send(frames),
    reply: (frames) => replies.send(frames),
    restart: () => {
      for (const queue of [published, replies]) queue.restart();
    },
    replyOnControl: (frames) => control.postMessage(frames.map((frame) => Buffer.from(frame))),
    close: () => {
      for (const socket of [iopub, shell, stdin, heartbeat]) socket.close();
    },
  };
}

async function each(socket, take) {
  for await (const frames of socket) await take(frames);
}

module.exports = { openSockets };
