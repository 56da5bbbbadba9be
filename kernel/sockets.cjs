// The kernel's sockets: bound to the ports that Jupyter chose, with sends that are not lost.
const path = require('node:path');
const { Worker } = require('node:worker_threads');
const { zeromqPath } = require('./tslab-parts.cjs');

/**
 * zeromq refuses all but some hundred sends per turn of the event loop: past that, output would be lost. They wait
 * here.
 */
class SendQueue {
  #socket;
  #waiting = [];
  #draining = false;

  constructor(socket) {
    this.#socket = socket;
  }

  send(frames) {
    this.#waiting.push(frames);
    if (!this.#draining) void this.#drain();
  }

  async #drain() {
    this.#draining = true;
    while (this.#waiting.length > 0 && !this.#socket.closed) {
      try {
        await this.#socket.send(this.#waiting[0]);
        this.#waiting.shift();
      } catch (error) {
        if (error.code !== 'EBUSY') this.#waiting.shift();
        await new Promise(setImmediate);
      }
    }
    this.#draining = false;
  }
}

/**
 * Binds all sockets. Control messages come through a thread of their own (control.cjs); what is for the main thread is
 * handed to `onControl`: `{ type: 'interrupt' | 'shutdown' | 'message', frames }`.
 *
 * @returns `publish` and `reply` take frames; `onMessage` is called with the frames of each shell message
 */
async function openSockets(connection, { state, slots, onMessage, onControl }) {
  const zmq = require(zeromqPath);
  const address = (port) => `${connection.transport}://${connection.ip}:${port}`;
  const iopub = new zmq.Publisher({ sendHighWaterMark: 0 });
  const shell = new zmq.Router({ sendHighWaterMark: 0 });
  const stdin = new zmq.Router();
  const heartbeat = new zmq.Reply();
  const control = new Worker(path.join(__dirname, 'control.cjs'), {
    workerData: { connection, shared: state.buffer, slots, zeromq: zeromqPath },
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
