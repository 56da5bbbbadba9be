// Answers Jupyter's messages: runs cells, and helps while they are written. "Busy" is said when work on a request
// begins, not when it comes in; a question in between does not make a running cell look idle.
const { isCompleteCode } = require('tslab/dist/converter.js');
const jupyter = require('tslab/dist/jupyter.js');
const { CellQueue } = require('./cell-queue.cjs');
const { completions, tooltip } = require('./help.cjs');
const { History } = require('./history.cjs');
const { sentAt } = require('./interrupt-state.cjs');
const { uninterrupted } = require('./own-code.cjs');
const { redirectStreams } = require('./streams.cjs');
const { typescriptPath } = require('./tslab-parts.cjs');
const { PROTOCOL_VERSION, buildMessage, buildReply, parseMessage } = require('./wire.cjs');

class Server {
  #executor;
  #key;
  #sockets;
  #cells = new CellQueue();
  #history = new History();
  #count = 0;
  #running;

  constructor(executor, key) {
    this.#executor = executor;
    this.#key = key;
  }

  /** Frames of the shell's socket, or of the control's. */
  receive(frames, sockets, answer = sockets.reply) {
    this.#sockets = sockets;
    const request = parseMessage(frames, this.#key);
    if (!request) return;
    const reply = (content) => answer(buildReply(request, content, this.#key));
    if (request.type === 'execute_request') void this.#execute(request, reply);
    else this.#answer(request, reply);
  }

  #publish(type, content, parent) {
    this.#sockets.publish([type, ...buildMessage(type, content, parent, this.#key)]);
  }

  #status(execution_state, parent) {
    this.#publish('status', { execution_state }, parent);
  }

  #answer(request, reply) {
    this.#status('busy', request);
    try {
      const content = this.#contentFor(request);
      if (content) reply({ status: 'ok', ...content });
    } catch (error) {
      reply({ status: 'error', ename: error.name, evalue: error.message, traceback: [] });
    }
    this.#status('idle', request);
    if (this.#running) this.#status('busy', this.#running);
  }

  /** undefined for messages that expect no answer. */
  #contentFor({ type, content }) {
    switch (type) {
      case 'kernel_info_request':
        return kernelInfo();
      case 'is_complete_request': {
        const { completed, indent } = isCompleteCode(content.code);
        return completed ? { status: 'complete' } : { status: 'incomplete', indent };
      }
      case 'inspect_request':
        return tooltip(this.#executor, content.code, content.cursor_pos);
      case 'complete_request':
        return completions(this.#executor, content.code, content.cursor_pos);
      case 'history_request':
        return { history: this.#history.find(content) };
      case 'comm_info_request':
        return { comms: {} };
      default:
        return undefined;
    }
  }

  #execute(request, reply) {
    const { content, header } = request;
    const sent = sentAt(header);
    return this.#cells.add(
      async () => {
        this.#running = request;
        this.#status('busy', request);
        const result = await this.#run(request, sent);
        const finish = () => {
          this.#running = undefined;
          reply(result);
          this.#status('idle', request);
        };
        return { finish, stops: result.status === 'error' && content.stop_on_error !== false };
      },
      () => {
        this.#status('busy', request);
        reply({ status: 'aborted', execution_count: this.#count });
        this.#status('idle', request);
      },
    );
  }

  async #run(request, sent) {
    const { code, silent } = request.content;
    const publish = (type, content) => this.#publish(type, content, request);
    if (!silent) {
      this.#count++;
      if (request.content.store_history !== false) this.#history.add(this.#count, code);
      publish('execute_input', { code, execution_count: this.#count });
    }
    // Output that comes after a cell has ended belongs to it until the next one starts.
    const flush = redirectStreams((name, text) => publish('stream', { name, text }));
    jupyter.lastWriteDisplayData = uninterrupted((data, update) => {
      flush();
      publish(update ? 'update_display_data' : 'display_data', data);
    });
    const failure = await this.#executor.execute(code, this.#count, sent);
    flush();
    if (failure && !silent) publish('error', failure);
    const rest = failure ? { status: 'error', ...failure } : { status: 'ok', user_expressions: {}, payload: [] };
    return { ...rest, execution_count: this.#count };
  }
}

function kernelInfo() {
  const { version } = require(typescriptPath);
  return {
    protocol_version: PROTOCOL_VERSION,
    implementation: 'tslab',
    implementation_version: require('tslab/package.json').version,
    language_info: {
      name: 'typescript',
      version,
      mimetype: 'text/typescript',
      file_extension: '.ts',
      // Makes the editors of JupyterLab and of the older notebook colour TypeScript.
      codemirror_mode: { mode: 'typescript', name: 'javascript', typescript: true },
    },
    banner: `TypeScript ${version}`,
  };
}

module.exports = { Server };
