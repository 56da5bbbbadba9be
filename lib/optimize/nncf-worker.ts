// Runs nncf_worker.py in a Python environment that has NNCF and exchanges messages with it: a job in, progress and
// results out. NNCF itself does the work; this file starts it, reads its messages, cancels it, and turns its failures
// into readable errors.
import { removeQuietly } from '../core/remove-quietly';
import { isPromiseLike } from '../core/is-promise-like';
import { untilAborted } from '../core/until-aborted';
import { checkArguments } from '../core/check-arguments';
import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import * as path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { BlipError } from '../core/errors';
import { pipInstall, pythonPackages } from '../core/find-python';
import { withInterrupt } from '../core/interrupt-signal';
import { isRecord } from '../core/is-record';
import { parseJSON } from '../core/read-json';
import type { NncfProgress, NncfResult, NncfTask, NncfVersions } from './nncf-task';

/** The worker failed, died, or did not keep to its protocol. `traceback` is Python's, where there is one. */
export class NncfWorkerError extends BlipError {
  constructor(
    message: string,
    readonly traceback?: string,
  ) {
    super(message);
  }
}

/** How the worker is run and what it reports to. */
export interface NncfWorkerOptions {
  readonly onProgress?: (progress: NncfProgress) => void;
  readonly onLog?: (level: string, message: string) => void;
  /** Called once, when the packages are loaded. */
  readonly onReady?: (versions: NncfVersions) => void;
  readonly signal?: AbortSignal;
  /** The interpreter; by default BLIP_PYTHON, else the first that has NNCF, see `findPython`. */
  readonly python?: string;
  /** Default: nncf_worker.py beside this file. */
  readonly script?: string;
}

/** A protocol line is a few hundred bytes; a traceback some thousand. A longer line is not part of the protocol. */
const MAX_LINE_LENGTH = 1 << 20;
/** The end of standard error that an error message quotes. */
const STDERR_TAIL = 4000;
/** After SIGTERM a worker deep in native code may not react: then it is killed. */
const KILL_AFTER_MS = 3000;
/**
 * A worker that has ended may have left lines that are not read yet; but a program that it started may hold its pipes
 * open indefinitely.
 */
const QUIET_MS = 250;
/**
 * On POSIX the worker leads a process group, so that what it started ends with it. On Windows that would open a
 * console.
 */
const OWN_GROUP = process.platform !== 'win32';

/** What NNCF needs to quantize a model of OpenVINO. */
const PYTHON_PACKAGES = ['openvino', 'nncf'];

/**
 * The Python interpreter that NNCF runs in: `BLIP_PYTHON`, else the first with NNCF of `VIRTUAL_ENV`, a `.venv` at or
 * above the working folder or this library, and the `python3` on the path.
 *
 * @throws {NncfWorkerError} when none has NNCF, with the command that installs it
 */
export function findPython(): string {
  if (process.env.BLIP_PYTHON) return process.env.BLIP_PYTHON;
  const tried: string[] = [];
  for (const { python, folder } of pythonPackages('nncf', { tried })) {
    if (python !== undefined) return python;
    tried.push(`${folder} (without a Python)`);
  }
  throw new NncfWorkerError(
    `No Python with NNCF was found. Looked for it here:${tried.map((place) => `\n- ${place}`).join('')}\n` +
      `Run: ${pipInstall(...PYTHON_PACKAGES)}. Where another Python has it, name its interpreter: BLIP_PYTHON.`,
  );
}

/**
 * Runs the tasks one after another in one worker process.
 *
 * A file appears under its output path only when it is complete. When the promise rejects, the worker has ended, and of
 * the task that failed nothing is left; the outputs of the tasks before it stay. An interrupt of the notebook's cell
 * ends the worker too, with or without `signal`.
 *
 * @returns one result per task, in order
 * @throws {NncfWorkerError} with NNCF's own message and the end of its traceback; with the signal's reason when aborted
 */
export async function runNncfWorker(
  tasks: readonly NncfTask[],
  options: NncfWorkerOptions = {},
): Promise<NncfResult[]> {
  checkArguments('runNncfWorker', { tasks: [tasks, 'list'], options: [options, 'object'] });
  for (const task of tasks) checkArguments('runNncfWorker', { task: [task, 'object'] });
  return withInterrupt(options.signal, (signal) => converse(tasks, { ...options, signal }));
}

async function converse(tasks: readonly NncfTask[], options: NncfWorkerOptions): Promise<NncfResult[]> {
  options.signal?.throwIfAborted();
  const script = options.script ?? path.join(__dirname, 'nncf_worker.py');
  const child = spawn(options.python ?? findPython(), ['-X', 'utf8', script], {
    stdio: 'pipe',
    detached: OWN_GROUP,
    env: { ...process.env, PYTHONWARNINGS: 'ignore' },
  });
  return new Conversation(child, tasks, options).result();
}

class Conversation {
  private readonly results: NncfResult[] = [];
  private task = '';
  private line = '';
  private stderr = '';
  private received = 0;
  private finished = false;
  private killed = false;
  private failure: { readonly error: unknown } | undefined;
  /** Of callbacks: they are waited for at the end. */
  private readonly pending = new Set<Promise<void>>();
  private killTimer: NodeJS.Timeout | undefined;

  constructor(
    private readonly child: ChildProcessWithoutNullStreams,
    private readonly tasks: readonly NncfTask[],
    private readonly options: NncfWorkerOptions,
  ) {}

  async result(): Promise<NncfResult[]> {
    const { child, options } = this;
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => this.receive(chunk));
    child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
      this.stderr = (this.stderr + chunk).slice(-STDERR_TAIL);
    });
    child.stdin.on('error', () => undefined); // a worker that died early: its exit says more than EPIPE
    // stays open: its end tells the worker that we are gone
    child.stdin.write(`${JSON.stringify({ tasks: this.tasks })}\n`);
    const abort = () => this.fail(options.signal?.reason);
    options.signal?.addEventListener('abort', abort, { once: true });
    try {
      const [code, signal] = await this.ended();
      await this.drained();
      await untilAborted(Promise.all(this.pending), options.signal);
      if (this.failure) throw this.failure.error;
      if (!this.finished || this.results.length !== this.tasks.length)
        throw new NncfWorkerError(
          `The NNCF worker ended (${ending(code, signal)}) before its job was ` +
            `done${this.where()}.${hint(signal)}${this.tail()}`,
        );
      if (code !== 0 && !this.killed)
        throw new NncfWorkerError(
          `The NNCF worker said that its job was done, and then failed (${ending(code, signal)}): its results ` +
            `are not used.${hint(signal)}${this.tail()}`,
        );
      return this.results;
    } finally {
      clearTimeout(this.killTimer);
      options.signal?.removeEventListener('abort', abort);
      this.kill('SIGKILL'); // what the worker started and left behind
      await this.removeParts();
    }
  }

  private ended(): Promise<[code: number | null, signal: NodeJS.Signals | null]> {
    return new Promise((resolve) => {
      this.child.on('error', (error) => {
        this.fail(
          new NncfWorkerError(
            `The NNCF worker did not start: ${error.message}. Run: ${pipInstall(...PYTHON_PACKAGES)}`,
          ),
        );
        resolve([null, null]);
      });
      this.child.on('exit', (code, signal) => resolve([code, signal]));
    });
  }

  /** Waits for the lines that are still in the pipe, and not for a program that keeps it open. */
  private async drained(): Promise<void> {
    const closed = new Promise<'closed'>((resolve) => this.child.once('close', () => resolve('closed')));
    for (let seen = -1; seen !== this.received && !this.finished && !this.failure; ) {
      seen = this.received;
      if ((await Promise.race([closed, sleep(QUIET_MS)])) === 'closed') return;
      await sleep(0); // a busy event loop reads pipes after its timers
    }
    this.child.stdout.destroy();
    this.child.stderr.destroy();
  }

  /** The worker's whole process group, where it has one. */
  private kill(signal: NodeJS.Signals): void {
    const { child } = this;
    if (child.pid === undefined) return;
    if (!OWN_GROUP) {
      child.kill(signal);
      return;
    }
    try {
      process.kill(-child.pid, signal);
    } catch {
      // The group has no process left.
    }
  }

  /** What a worker that was ended while it wrote has left under its temporary names. */
  private async removeParts(): Promise<void> {
    for (const { output } of this.tasks)
      for (const extension of ['xml', 'bin'])
        await removeQuietly(output.replace(/xml$/, `${this.child.pid}.part.${extension}`));
  }

  private receive(chunk: string): void {
    this.received += chunk.length;
    this.line += chunk;
    const lines = this.line.split('\n');
    this.line = lines.pop() ?? '';
    for (const line of lines) if (!this.failure) this.guard(() => this.handle(line));
    if (this.line.length > MAX_LINE_LENGTH) this.fail(this.unexpected(this.line));
  }

  /** A callback of the caller that throws or rejects must end the worker, not the process. */
  private guard(action: () => unknown): void {
    try {
      const returned = action();
      if (!isPromiseLike(returned)) return;
      const settled = Promise.resolve(returned)
        .then(ignore, (error: unknown) => this.fail(error))
        .finally(() => this.pending.delete(settled));
      this.pending.add(settled);
    } catch (error) {
      this.fail(error);
    }
  }

  /** @returns what a callback of the caller returned */
  private handle(line: string): unknown {
    const message = parseObject(line);
    if (!message) throw this.unexpected(line);
    switch (message.type) {
      case 'ready':
        return this.options.onReady?.({ nncf: text(message.nncf), openvino: text(message.openvino) });
      case 'task':
        this.task = text(message.name);
        return undefined;
      case 'progress':
        return this.options.onProgress?.({
          task: this.task,
          phase: text(message.phase),
          done: number(message.done),
          total: typeof message.total === 'number' ? message.total : undefined,
        });
      case 'log':
        return this.options.onLog?.(text(message.level), text(message.message));
      case 'result': {
        const expected = this.tasks.at(this.results.length)?.name;
        if (message.name !== expected)
          throw new NncfWorkerError(
            `The NNCF worker sent the result of ${JSON.stringify(message.name)}; expected that of ` +
              `${expected ?? 'no further task'}.`,
          );
        this.results.push({
          name: text(message.name),
          seconds: number(message.seconds),
          samples: number(message.samples),
          smooth_quant_nodes: number(message.smooth_quant_nodes),
          ignored_nodes: number(message.ignored_nodes),
          bias_corrected_nodes: number(message.bias_corrected_nodes),
          compressed_weights: number(message.compressed_weights),
        });
        return undefined;
      }
      case 'error': {
        const traceback = text(message.traceback);
        throw new NncfWorkerError(
          `NNCF failed${this.where()}: ${text(message.error)}: ${text(message.message)}` +
            (message.error === 'ModuleNotFoundError' ? `. Run: ${pipInstall(...PYTHON_PACKAGES)}` : '') +
            `\n${lastLines(traceback, 12)}`,
          traceback,
        );
      }
      case 'done': // one that does not end by itself now is ended
        this.finished = true;
        this.killTimer ??= setTimeout(() => this.end('SIGKILL'), KILL_AFTER_MS);
        return undefined;
      default:
        throw this.unexpected(line);
    }
  }

  private fail(error: unknown): void {
    if (this.failure) return;
    this.failure = { error };
    clearTimeout(this.killTimer);
    this.end('SIGTERM');
    this.killTimer = setTimeout(() => this.end('SIGKILL'), KILL_AFTER_MS);
  }

  private end(signal: NodeJS.Signals): void {
    this.killed = true;
    this.kill(signal);
  }

  private unexpected(line: string): NncfWorkerError {
    return new NncfWorkerError(
      `The NNCF worker wrote a line that is not part of its protocol${this.where()}: ` +
        `${JSON.stringify(line.slice(0, 200))}; expected one JSON object per line.${this.tail()}`,
    );
  }

  private where(): string {
    return this.task ? ` on ${this.task}` : '';
  }

  private tail(): string {
    return this.stderr.trim() ? `\nThe end of its output:\n${lastLines(this.stderr.trim(), 12)}` : '';
  }
}

function ignore(): void {}

function ending(code: number | null, signal: NodeJS.Signals | null): string {
  return signal ? `signal ${signal}` : `exit code ${code}`;
}

function hint(signal: NodeJS.Signals | null): string {
  return signal === 'SIGKILL' ? ' The system does this when memory runs out: try a smaller subset_size.' : '';
}

function lastLines(value: string, count: number): string {
  return value.trimEnd().split('\n').slice(-count).join('\n');
}

function parseObject(line: string): Record<string, unknown> | undefined {
  try {
    const value = parseJSON(line, 'a line of the NNCF worker');
    return isRecord(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function text(value: unknown): string {
  if (typeof value !== 'string')
    throw new NncfWorkerError(`The NNCF worker sent ${JSON.stringify(value)} where a string was expected.`);
  return value;
}

function number(value: unknown): number {
  if (typeof value !== 'number')
    throw new NncfWorkerError(`The NNCF worker sent ${JSON.stringify(value)} where a number was expected.`);
  return value;
}
