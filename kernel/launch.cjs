// Starts the tslab kernel for this project and fixes what gets in a notebook reader's way. Each part says what it
// fixes.
const path = require('node:path');
const vm = require('node:vm');
const { Worker } = require('node:worker_threads');

const root = path.resolve(__dirname, '..');

// Cells see the project's root as their working folder, so that './lib' and 'data/...' mean the same in every notebook.
process.chdir(root);
// Console output of a notebook is read by people, not by a terminal.
process.env.NO_COLOR ??= '1';

/**
 * What this thread and control.cjs tell each other: a cell's own code runs, interrupts heard here, the cell was to be
 * interrupted.
 */
const slots = { RUNNING: 0, HEARD: 1, ASKED: 2 };
const state = new Int32Array(new SharedArrayBuffer(Object.keys(slots).length * Int32Array.BYTES_PER_ELEMENT));

// './lib' is TypeScript: load it as every other part of the project does.
require('tsx/cjs');

mendTypeScript();
mendSending();
mendExecutionCounts();
mendErrors();
mendAborts();
mendInterrupts();
startKernel();

/** tslab reads no tsconfig and checks loosely; and it breaks for good when a watched folder changes under it. */
function mendTypeScript() {
  const name = typescriptOfTslab();
  const ts = require(name);
  ts.sys.watchDirectory = () => ({ close() {} });
  require.cache[name].exports = {
    ...ts,
    createWatchCompilerHost: (files, options, sys, ...rest) => {
      mendTimers(sys);
      return ts.createWatchCompilerHost(
        files,
        {
          ...options,
          strict: true,
          skipLibCheck: true,
          resolveJsonModule: true,
          lib: ['lib.es2023.d.ts'],
          types: ['node'],
        },
        sys,
        ...rest,
      );
    },
  };
}

/**
 * tslab has room for one timer of the compiler: the one that checks a cell. When a file of lib or node_modules changes,
 * the compiler sets a second one, and tslab refuses every cell from then on. That one can go: each cell looks for
 * changed files anyway.
 */
function mendTimers(sys) {
  const { setTimeout, clearTimeout } = sys;
  const ignored = {};
  sys.setTimeout = (callback, ...rest) => {
    if (callback.name === 'invalidateResolutionsOfFailedLookup') return ignored;
    return setTimeout(
      () => {
        try {
          callback();
        } catch (error) {
          console.error(error);
        }
      },
      ...rest,
    );
  };
  sys.clearTimeout = (timer) => {
    if (timer !== ignored) clearTimeout(timer);
  };
}

/** The compiler that tslab brings, wherever npm put it. */
function typescriptOfTslab() {
  return require.resolve('@tslab/typescript-for-tslab', {
    paths: [path.dirname(require.resolve('tslab/package.json'))],
  });
}

function zeromqOfTslab() {
  return require.resolve('zeromq', { paths: [path.dirname(require.resolve('tslab/package.json'))] });
}

/**
 * tslab does not wait for its sends, and zeromq refuses all but some hundred of them per turn: past that, output is
 * lost. Queue them.
 */
function mendSending() {
  const zmq = require(zeromqOfTslab());
  zmq.Publisher = class extends zmq.Publisher {
    #queue = [];
    #draining = false;

    constructor(options) {
      super({ ...options, sendHighWaterMark: 0 });
    }

    send(message) {
      this.#queue.push(message);
      if (!this.#draining) void this.#drain();
      return Promise.resolve();
    }

    async #drain() {
      this.#draining = true;
      while (this.#queue.length > 0 && !this.closed) {
        try {
          await super.send(this.#queue[0]);
          this.#queue.shift();
        } catch (error) {
          if (error.code !== 'EBUSY') this.#queue.shift();
          await new Promise(setImmediate);
        }
      }
      this.#draining = false;
    }
  };
}

/** tslab never announces a cell's number, so saved notebooks would have none. */
function mendExecutionCounts() {
  const { ZmqServer, JupyterHandlerImpl } = require('tslab/dist/jupyter.js');
  const { handleExecute } = ZmqServer.prototype;
  ZmqServer.prototype.handleExecute = function (socket, message) {
    const announce = (content) => {
      const note = message.createReply();
      note.header.msg_type = 'execute_input';
      note.content = content;
      note.signAndSend(this.connInfo.key, this.iopub);
    };
    Object.defineProperty(message.content, 'announce', { value: announce, enumerable: false });
    return handleExecute.call(this, socket, message);
  };
  const { handleExecuteImpl } = JupyterHandlerImpl.prototype;
  JupyterHandlerImpl.prototype.handleExecuteImpl = function (request, ...rest) {
    request.announce?.({ code: request.code, execution_count: this.execCount + 1 });
    return handleExecuteImpl.call(this, { ...request, code: expandShorthand(request.code) }, ...rest);
  };
}

/** tslab does not see that `{ device }` uses a variable of an earlier cell: spell it out as `{ device: device }`. */
function expandShorthand(code) {
  const ts = require(typescriptOfTslab());
  const found = [];
  const visit = (node) => {
    if (ts.isShorthandPropertyAssignment(node) && !node.objectAssignmentInitializer) found.push(node.name);
    ts.forEachChild(node, visit);
  };
  visit(ts.createSourceFile('cell.ts', code, ts.ScriptTarget.ES2022, true));
  return found
    .reverse()
    .reduce((text, name) => `${text.slice(0, name.end)}: ${name.text}${text.slice(name.end)}`, code);
}

/**
 * A failed cell shows its own lines of the stack, not those of tslab and of this launcher; an interrupted one shows
 * that it was.
 */
function mendErrors() {
  const inner = /\n\s+at .*(node:vm:|node:internal\/|[\\/]tslab[\\/]dist[\\/]|[\\/]kernel[\\/]launch\.cjs).*/g;
  const { error } = console;
  // tslab takes console.error once, when it starts; cells get the plain one back.
  console.error = (...values) =>
    error.apply(
      console,
      values.map((value) => {
        if (!(value instanceof Error) || typeof value.stack !== 'string') return value;
        if (
          value.message === 'Interrupted asynchronously' ||
          (Atomics.load(state, slots.ASKED) === 1 && isInterruption(value))
        )
          return 'Interrupted';
        for (const error of chain(value))
          try {
            error.stack = error.stack.replace(inner, '');
          } catch {
            /* a frozen error keeps its stack */
          }
        return value;
      }),
    );
  setImmediate(() => {
    console.error = error;
  });
}

/**
 * How an interrupt ends what a cell waits for: by the signal of lib/core/interrupt-signal.ts, or by the one that
 * programs get.
 */
function isInterruption(error) {
  return chain(error).some(
    ({ name, message, signal }) => name === 'AbortError' || message === 'Interrupted' || signal === 'SIGINT',
  );
}

/** An error, its cause, that one's cause and so on. */
function chain(error) {
  const found = [];
  for (let at = error; at instanceof Error && !found.includes(at); at = at.cause) found.push(at);
  return found;
}

/**
 * tslab drops every cell that arrives within 200 ms after an error: also those that were sent because the answer had
 * come.
 */
function mendAborts() {
  const window = 50; // milliseconds: cells that were sent with the failed one ("Run All") have arrived by then
  const { JupyterHandlerImpl } = require('tslab/dist/jupyter.js');
  const { TaskQueue } = require('tslab/dist/util.js');
  const { reset } = TaskQueue.prototype;
  TaskQueue.prototype.reset = function (delay) {
    return reset.call(this, delay === undefined ? undefined : window);
  };
  const { handleExecute } = JupyterHandlerImpl.prototype;
  JupyterHandlerImpl.prototype.handleExecute = async function (...args) {
    const answer = await handleExecute.apply(this, args);
    if (answer.status === 'error') await new Promise((resolve) => setTimeout(resolve, 2 * window));
    return answer.status === 'abort' ? { ...answer, status: 'aborted' } : answer;
  };
}

/**
 * Interrupts. tslab stops a cell that computes, by taking over SIGINT for as long as it does; then a SIGINT listener
 * that the cell adds makes the next interrupt end the kernel, and whatever computes after an `await` cannot be stopped
 * at all. Here a thread of its own (control.cjs) hears Jupyter's request and ends what runs; SIGINT stays an ordinary
 * event. It also works on Windows.
 */
function mendInterrupts() {
  const { JupyterHandlerImpl, ZmqServer } = require('tslab/dist/jupyter.js');
  const { runInThisContext } = vm;
  vm.runInThisContext = (code, options) => {
    if (!options?.breakOnSigint) return runInThisContext(code, options);
    Atomics.store(state, slots.RUNNING, 1); // from here on it is the cell's own code
    return runInThisContext(code, { ...options, breakOnSigint: false });
  };

  // A cell starts from the event loop, so that what is ended is the cell and not the kernel around it.
  let abandon = () => {};
  const wrapped = new WeakSet();
  const { handleExecuteImpl } = JupyterHandlerImpl.prototype;
  JupyterHandlerImpl.prototype.handleExecuteImpl = function (...args) {
    const { executor } = this;
    if (!wrapped.has(executor)) {
      wrapped.add(executor);
      const { execute } = executor;
      executor.execute = (code) =>
        new Promise((resolve, reject) => {
          Atomics.store(state, slots.ASKED, 0);
          const start = setImmediate(() => execute(code).then(resolve, reject));
          abandon = () => {
            clearImmediate(start);
            console.error('Interrupted');
            resolve(false);
          };
        }).finally(() => {
          abandon = () => {};
          Atomics.store(state, slots.RUNNING, 0);
        });
    }
    return handleExecuteImpl.apply(this, args);
  };

  const onInterrupt = () => {
    Atomics.store(state, slots.ASKED, 1);
    Atomics.add(state, slots.HEARD, 1);
    process.emit('cell-interrupt'); // lib/core/interrupt-signal.ts
    // A cell that waits is stopped by tslab; one that was ended in the middle never reports back.
    setImmediate(() => setImmediate(() => abandon()));
  };
  process.on('SIGINT', onInterrupt);

  // Open servers and timers of cells do not hold it up.
  ZmqServer.prototype.end = function () {
    try {
      this.close();
    } finally {
      setImmediate(() => process.exit(0));
    }
  };
  const { bindSocket } = ZmqServer.prototype;
  // Another program may have taken a port since Jupyter chose it. Without one of its sockets clients would wait for the
  // kernel forever; when it ends, Jupyter starts another one.
  const endUnheard = (error) => {
    console.error(`The kernel cannot listen: ${error.message}`);
    process.exit(1);
  };
  ZmqServer.prototype.bindSocket = function (socket, port) {
    return bind.call(this, socket, port).catch(endUnheard);
  };
  function bind(socket, port) {
    if (socket !== this.control) return bindSocket.call(this, socket, port);
    const worker = new Worker(path.join(__dirname, 'control.cjs'), {
      workerData: { connection: this.connInfo, shared: state.buffer, slots, zeromq: zeromqOfTslab() },
    });
    const answer = { send: (frames) => worker.postMessage(frames.map((frame) => Buffer.from(frame))) };
    return new Promise((resolve, reject) => {
      worker.on('error', reject);
      worker.on('message', ({ type, frames }) => {
        if (type === 'bound') resolve();
        if (type === 'interrupt') process.emit('SIGINT', 'SIGINT');
        if (type === 'shutdown') this.end();
        if (type === 'message') void this.handleShellMessage(answer, ...frames.map((frame) => Buffer.from(frame)));
      });
    });
  }
}

function startKernel() {
  const at = process.argv.indexOf('--config-path');
  if (at < 0) throw new Error('launch.cjs: --config-path is missing; Jupyter passes it.');
  require('tslab/dist/main.js').startKernel({ configPath: process.argv[at + 1], enableFindLocal: false });
}
