// The Python side of the benchmark as a child process that answers one JSON line per JSON line.
import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import * as path from 'node:path';
import * as readline from 'node:readline';

/** Python could not do what was asked; the message holds its own words. */
export class PythonWorkerError extends Error {}

export class PythonWorker {
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #waiting: ((line: string) => void)[] = [];
  #stderr = '';

  /** @param python the interpreter of benchmarks/requirements.txt's environment */
  constructor(python: string) {
    this.#child = spawn(python, [path.join(__dirname, 'python', 'worker.py')], {
      env: { ...process.env, HF_HUB_OFFLINE: '1' },
    });
    readline.createInterface({ input: this.#child.stdout }).on('line', (line) => this.#waiting.shift()?.(line));
    this.#child.stderr.on('data', (chunk: Buffer) => {
      this.#stderr = (this.#stderr + chunk.toString()).slice(-4000);
    });
    this.#child.on('exit', () => {
      for (const answer of this.#waiting.splice(0)) answer(JSON.stringify({ error: `worker ended: ${this.#stderr}` }));
    });
  }

  /** Sends one request and waits for its reply. Requests are answered in order. */
  async request(message: Record<string, unknown>): Promise<Record<string, unknown>> {
    const line = new Promise<string>((resolve) => this.#waiting.push(resolve));
    this.#child.stdin.write(`${JSON.stringify(message)}\n`);
    const reply: unknown = JSON.parse(await line);
    if (typeof reply !== 'object' || reply === null)
      throw new PythonWorkerError(`worker.py answered ${JSON.stringify(reply)}, expected an object`);
    if ('error' in reply)
      throw new PythonWorkerError(`worker.py, request ${JSON.stringify(message)}: ${String(reply.error)}`);
    return { ...reply };
  }

  /**
   * Runs one stage (`times` in a row, or on a batch of as many); milliseconds measured inside Python, so that the pipe
   * does not count.
   */
  async run(stage: string, tokens: number, times = 1): Promise<{ ms: number; value: unknown }> {
    const { ms, value } = await this.request({ do: 'run', stage, tokens, times });
    if (typeof ms !== 'number') throw new PythonWorkerError(`worker.py, stage ${stage}: no time in the reply`);
    return { ms, value };
  }

  close(): void {
    this.#child.stdin.end();
    this.#child.kill();
  }
}
