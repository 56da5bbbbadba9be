// The Python side of the benchmark as a child process that answers one JSON line per JSON line.
import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import * as path from 'node:path';
import * as readline from 'node:readline';
import { environmentOf, type PythonEnvironment } from './python-environment';

/** Python could not do what was asked; the message holds its own words. */
export class PythonWorkerError extends Error {}

/** Everything that is asked ends sooner; torch.compile of a large model may take minutes. */
export const TIMEOUT_SECONDS = 600;

export class PythonWorker {
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #waiting: ((line: string) => void)[] = [];
  #stderr = '';
  #end: string | undefined;

  /** @param script a file of benchmarks/python; @param env added to the environment */
  constructor(
    environment: PythonEnvironment,
    private readonly script: string,
    env: NodeJS.ProcessEnv = {},
  ) {
    this.#child = spawn(environment.python, [path.join(__dirname, 'python', script)], {
      env: { ...environmentOf(environment), ...env },
    });
    readline.createInterface({ input: this.#child.stdout }).on('line', (line) => this.#waiting.shift()?.(line));
    this.#child.stderr.on('data', (chunk: Buffer) => {
      this.#stderr = (this.#stderr + chunk.toString()).slice(-4000);
    });
    this.#child.stdin.on('error', () => undefined); // the end of the process says more
    this.#child.on('error', (error) => this.#stop(`could not be started: ${error.message}`));
    this.#child.on('close', () => this.#stop(`ended: ${this.#stderr}`));
  }

  /** Sends one request and waits for its reply. Requests are answered in order. @throws {PythonWorkerError} */
  async request(message: Record<string, unknown>, timeoutSeconds = TIMEOUT_SECONDS): Promise<Record<string, unknown>> {
    if (this.#end !== undefined) throw new PythonWorkerError(`${this.script} ${this.#end}`);
    const line = new Promise<string>((resolve) => this.#waiting.push(resolve));
    const timer = setTimeout(() => {
      this.#stop(`took over ${timeoutSeconds} s`);
      this.#child.kill('SIGKILL');
    }, timeoutSeconds * 1000);
    this.#child.stdin.write(`${JSON.stringify(message)}\n`);
    const text = await line.finally(() => clearTimeout(timer));
    const reply: unknown = JSON.parse(text);
    if (typeof reply !== 'object' || reply === null)
      throw new PythonWorkerError(`${this.script} answered ${text.slice(0, 200)}, expected an object`);
    if ('error' in reply)
      throw new PythonWorkerError(
        `${this.script}, request ${JSON.stringify(message).slice(0, 200)}: ${String(reply.error)}`,
      );
    return { ...reply };
  }

  /** Runs a stage; milliseconds measured inside Python, so that the pipe does not count. @throws {PythonWorkerError} */
  async run(
    options: Record<string, unknown>,
    timeoutSeconds?: number,
  ): Promise<{ readonly ms: number; readonly value: unknown }> {
    const { ms, value } = await this.request({ do: 'run', ...options }, timeoutSeconds);
    if (typeof ms !== 'number')
      throw new PythonWorkerError(`${this.script}, stage ${String(options.stage)}: no time in the reply`);
    return { ms, value };
  }

  close(): void {
    this.#child.stdin.end();
    this.#child.kill();
  }

  #stop(why: string): void {
    this.#end ??= why;
    for (const answer of this.#waiting.splice(0)) answer(JSON.stringify({ error: this.#end }));
  }
}
