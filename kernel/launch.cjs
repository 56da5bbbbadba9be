// Starts the tslab kernel for this project and mends what gets in a notebook reader's way. Each part says what it mends.
const path = require('node:path');

const root = path.resolve(__dirname, '..');

// Cells see the project's root as their working folder, so that './lib' and 'data/...' mean the same in every notebook.
process.chdir(root);
// Console output of a notebook is read by people, not by a terminal.
process.env.NO_COLOR ??= '1';

// './lib' is TypeScript: load it as every other part of the project does.
require('tsx/cjs');

mendTypeScript();
mendSending();
mendExecutionCounts();
startKernel();
mendInterrupts();

/** tslab reads no tsconfig and checks loosely; and it breaks for good when a watched folder changes under it. */
function mendTypeScript() {
  const name = typescriptOfTslab();
  const ts = require(name);
  ts.sys.watchDirectory = () => ({ close() {} });
  require.cache[name].exports = {
    ...ts,
    createWatchCompilerHost: (files, options, ...rest) =>
      ts.createWatchCompilerHost(files, { ...options, strict: true, skipLibCheck: true, resolveJsonModule: true, lib: ['lib.es2023.d.ts'], types: ['node'] }, ...rest),
  };
}

/** The compiler that tslab brings, wherever npm put it. */
function typescriptOfTslab() {
  return require.resolve('@tslab/typescript-for-tslab', { paths: [path.dirname(require.resolve('tslab/package.json'))] });
}

/** tslab does not wait for its sends, and zeromq refuses all but some hundred of them per turn: past that, output is lost. Queue them. */
function mendSending() {
  const zmq = require(require.resolve('zeromq', { paths: [path.dirname(require.resolve('tslab/package.json'))] }));
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
  return found.reverse().reduce((text, name) => `${text.slice(0, name.end)}: ${name.text}${text.slice(name.end)}`, code);
}

function startKernel() {
  const at = process.argv.indexOf('--config-path');
  if (at < 0) throw new Error('launch.cjs: --config-path is missing; Jupyter passes it.');
  require('tslab/dist/main.js').startKernel({ configPath: process.argv[at + 1], enableFindLocal: false });
}

/** A SIGINT listener of a cell's own would make the next interrupt fatal: pass the signal on under another name (lib/display/interrupt-signal.ts). */
function mendInterrupts() {
  process.on('SIGINT', () => process.emit('cell-interrupt'));
}
