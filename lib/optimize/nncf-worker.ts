// Runs nncf_worker.py in a Python environment that has NNCF and exchanges messages with it: a job in, progress and
// results out. NNCF itself does the work; this file starts it, reads its messages, cancels it, and turns its failures
// into readable errors.
import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import * as path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { checkArguments } from '../core/check-arguments';
import { checkOptions } from '../core/check-options';
import { withInterrupt } from '../core/interrupt-signal';
import { isPromiseLike } from '../core/is-promise-like';
import { removeQuietly } from '../core/remove-quietly';
import { untilAborted } from '../core/until-aborted';
import { findNncfPython, installNncf } from './find-nncf-python';
import { parseNncfMessage } from './nncf-messages';
import type { NncfProgress, NncfResult, NncfTask, NncfVersions } from './nncf-task';
import { NncfWorkerError } from './nncf-worker-error';

/** How the worker is run and what it reports to. */
export interface NncfWorkerOptions {
  readonly on_progress?: (progress: NncfProgress) => void;
  readonly on_log?: (level: string, message: string) => void;
  /** Called once, when the packages are loaded. */
  readonly on_ready?: (versions: NncfVersions) => void;
  readonly signal?: AbortSignal;
  /** The interpreter; by default BLIP_PYTHON, else the first that has NNCF, see `findNncfPython`. */
  readonly python?: string;
  /** Default: nncf_worker.py beside this file. */
  readonly script?: string;
}

const OPTIONS = [
  'on_progress',
  'on_log',
  'on_ready',
  'signal',
  'python',
  'script',
] as const satisfies readonly (keyof NncfWorkerOptions)[];
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
  checkArguments('runNncfWorker', { tasks: [tasks, 'list'] });
  checkOptions('runNncfWorker', options, OPTIONS);
  for (const task of tasks) checkArguments('runNncfWorker', { task: [task, 'object'] });
  return withInterrupt(options.signal, (signal) => converse(tasks, { ...options, signal }));
}

async function converse(tasks: readonly NncfTask[], options: NncfWorkerOptions): Promise<NncfResult[]> {
  options.signal?.throwIfAborted();
  const script = options.script ?? path.join(__dirname, 'nncf_worker.py');
  const child = spawn(options.python ?? findNncfPython(), ['-X', 'utf8', script], {
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
          `The NNCF worker ended (${ending(code, signal)}) before its job was done${this.where()}.` +
            `${hint(signal)}${this.tail()}`,
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
        this.fail(new NncfWorkerError(`The NNCF worker did not start: ${error.message}. Run: ${installNncf()}`));
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
    const message = parseNncfMessage(line);
    if (!message) throw this.unexpected(line);
    switch (message.type) {
      case 'ready':
        return this.options.on_ready?.(message.versions);
      case 'task':
        this.task = message.name;
        return undefined;
      case 'progress':
        return this.options.on_progress?.({ task: this.task, ...message.progress });
      case 'log':
        return this.options.on_log?.(message.level, message.message);
      case 'result':
        this.addResult(message.result);
        return undefined;
      case 'error':
        throw new NncfWorkerError(
          `NNCF failed${this.where()}: ${message.error}: ${message.message}` +
            (message.error === 'ModuleNotFoundError' ? `. Run: ${installNncf()}` : '') +
            `\n${lastLines(message.traceback, 12)}`,
          message.traceback,
        );
      case 'done': // one that does not end by itself now is ended
        this.finished = true;
        this.killTimer ??= setTimeout(() => this.end('SIGKILL'), KILL_AFTER_MS);
        return undefined;
    }
  }

  private addResult(result: NncfResult): void {
    const expected = this.tasks.at(this.results.length)?.name;
    if (result.name !== expected)
      throw new NncfWorkerError(
        `The NNCF worker sent the result of ${JSON.stringify(result.name)}; expected that of ` +
          `${expected ?? 'no further task'}.`,
      );
    this.results.push(result);
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
