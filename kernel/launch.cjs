// Starts the kernel of this project's notebooks. It translates cells with tslab and does the rest itself, file by file:
// each says in its first lines what it does.
const fs = require('node:fs');
const { setImmediate } = require('node:timers'); // cells may change the global ones
const { root } = require('./tslab-parts.cjs');

process.chdir(root);
// Console output of a notebook is read by people, not by a terminal.
process.env.NO_COLOR ??= '1';

// './lib' is TypeScript: load it as every other part of the project does.
require('tsx/cjs');
require('./stack-traces.cjs').mendStackTraces();
require('./compiler.cjs').mendCompiler(); // before anything of tslab is loaded

const { Executor } = require('./executor.cjs');
const { interrupt, listenToInterrupts, state } = require('./interrupts.cjs');
const { Server } = require('./server.cjs');
const { describeLost } = require('./show-failure.cjs');
const { openSockets } = require('./sockets.cjs');

process.on('uncaughtException', (error) => tell('Uncaught exception', error));
process.on('unhandledRejection', (error) => tell('Unhandled rejection', error));

const { exit } = process;
process.exit = refuseExit;
quietWarnings();
void start();

/** Scripts that are tried in a cell end that way; the values of all cells would be gone. */
function refuseExit(code = process.exitCode ?? 0) {
  throw new Error(`process.exit(${code}) ends this cell only, and the kernel goes on. To end it: Kernel > Shut Down.`);
}

function tell(what, error) {
  try {
    console.error(describeLost(what, error));
  } catch {
    console.error(`${what}, of an error that cannot be shown.`);
  }
}

/** A cell that awaits a promise late, after it failed, has seen the failure twice already. */
function quietWarnings() {
  const listeners = process.listeners('warning');
  process.removeAllListeners('warning');
  process.on('warning', (warning) => {
    if (warning.name !== 'PromiseRejectionHandledWarning') for (const listen of listeners) listen(warning);
  });
}

async function start() {
  const at = process.argv.indexOf('--config-path');
  if (at < 0) throw new Error('launch.cjs: --config-path is missing; Jupyter passes it.');
  const connection = JSON.parse(fs.readFileSync(process.argv[at + 1], 'utf8'));
  const server = new Server(new Executor(), connection.key);
  try {
    const sockets = await openSockets(connection, {
      state,
      onMessage: (frames) => server.receive(frames, sockets),
      onControl: ({ type, sent, frames }) => {
        if (type === 'interrupt') interrupt(sent);
        if (type === 'shutdown') end(sockets);
        if (type === 'message') server.receive(frames.map(Buffer.from), sockets, sockets.replyOnControl);
      },
    });
    listenToInterrupts(() => sockets.restart());
  } catch (error) {
    // Another program may have taken a port since Jupyter chose it. Without one of its sockets clients would wait for
    // the kernel forever; when it ends, Jupyter starts another one.
    console.error(`The kernel cannot listen: ${error.message}`);
    exit(1);
  }
}

/** Open servers and timers of cells do not hold it up. */
function end(sockets) {
  try {
    sockets.close();
  } finally {
    setImmediate(() => exit(0));
  }
}
