// A real kernel for a test: started by Jupyter's own client in .venv, with the spec that the set-up installs.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { pathToFileURL } from 'node:url';
import { findNncfPython } from '../../lib/optimize/find-nncf-python';
import { projectRoot } from '../project-root';

export interface CellResult {
  /** `stdout` and `stderr` with their text, `error` with its trace, displays with their MIME bundle. */
  readonly outputs: readonly (readonly [kind: string, content: string | Record<string, string>])[];
  readonly count: number | null;
  readonly status: 'ok' | 'error' | 'aborted';
  /** From the interrupt to the kernel's "idle". */
  readonly interruptSeconds?: number;
}

export interface Together {
  readonly messages: readonly (readonly [type: string, cell: number | 'question', state: string | null])[];
  readonly replies: readonly CellResult['status'][];
}

export interface Pairs {
  readonly interrupted: readonly CellResult['status'][];
  readonly after: readonly (readonly [status: CellResult['status'], outputs: CellResult['outputs']])[];
}

export interface TestKernel {
  readonly pid: number;
  run(code: string, options?: { linger?: string }): Promise<CellResult>;
  /** Runs a cell and interrupts it where it calls `here()`. */
  interrupt(code: string): Promise<CellResult & { readonly interruptSeconds: number }>;
  /** Sends cells at once, and then asks for a tooltip. Messages are [type, cell or 'question', state]. */
  together(cells: readonly string[], question?: { code: string; cursor_pos: number }): Promise<Together>;
  /**
   * So many times one of the cells, an interrupt at once, and a cell `n + 0.5`. How the first ended, and what became of
   * the second, which nobody interrupted.
   */
  pairs(cells: readonly string[], rounds: number): Promise<Pairs>;
  /** Runs a cell. While it runs an interrupt comes in that was sent before it. */
  late(code: string): Promise<CellResult & { readonly interruptReply: string }>;
  /** A request of Jupyter's protocol, and the content of its reply. */
  // biome-ignore lint/suspicious/noExplicitAny: each request has a reply of its own kind, which the test then checks
  ask(type: string, content: object): Promise<any>;
  inspect(code: string, cursor: number): Promise<{ found: boolean; data: Record<string, string> }>;
  complete(code: string, cursor: number): Promise<{ matches: string[]; cursor_start: number; cursor_end: number }>;
  /** Seconds until the old kernel was gone. */
  restart(): Promise<number>;
  /** Kills the client without letting it stop the kernel. */
  abandon(): Promise<void>;
  stop(): Promise<void>;
}

/** `root` is a project folder with kernel/ and node_modules/; cells start in its notebooks folder, as in JupyterLab. */
export async function startKernel(root = projectRoot()): Promise<TestKernel> {
  const { kernelSpec } = await import(pathToFileURL(path.join(projectRoot(), 'scripts', 'setup.mjs')).href);
  const client = spawn(findNncfPython(), [path.join(__dirname, 'drive_kernel.py')], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  client.stdout.setEncoding('utf8');
  const ended = once(client, 'close').then(() => undefined);
  let received = '';
  client.stdout.on('data', (chunk: string) => {
    received += chunk;
  });
  const answer = async (): Promise<string> => {
    while (!received.endsWith('\n'))
      if (!(await Promise.race([once(client.stdout, 'data'), ended]))) throw new Error('The Jupyter client ended.');
    const line = received;
    received = '';
    return line;
  };
  const ask = async <T>(op: string, options: object = {}): Promise<T> => {
    client.stdin.write(`${JSON.stringify({ op, ...options })}\n`);
    const answered: T & { error?: string } = JSON.parse(await answer());
    if (answered.error) throw new Error(answered.error);
    return answered;
  };
  const scratch = fs.mkdtempSync(path.join(os.tmpdir(), 'kernel-test-'));
  let marks = 0;

  const { pid } = await ask<{ pid: number }>('start', { spec: kernelSpec(root), cwd: path.join(root, 'notebooks') });
  return {
    pid,
    run: (code, options) => ask('run', { code, ...options }),
    async interrupt(code) {
      const mark = path.join(scratch, String(marks++));
      return ask('run', {
        code: code.replace('here()', `require('node:fs').writeFileSync(${JSON.stringify(mark)}, '')`),
        interrupt_at: mark,
      });
    },
    together: (cells, question) => ask('together', { cells, question }),
    pairs: (cells, rounds) => ask('pairs', { cells, rounds }),
    late: (code) => ask('late', { code }),
    ask: (type, content) => ask('ask', { type, content }),
    inspect: (code, cursor_pos) => ask('ask', { type: 'inspect_request', content: { code, cursor_pos } }),
    complete: (code, cursor_pos) => ask('ask', { type: 'complete_request', content: { code, cursor_pos } }),
    restart: async () => (await ask<{ stopSeconds: number }>('restart')).stopSeconds,
    async abandon() {
      client.stdin.write(`${JSON.stringify({ op: 'abandon' })}\n`);
      await ended;
    },
    async stop() {
      // A client that is busy stops when it is done.
      if (client.exitCode === null) client.stdin.end(`${JSON.stringify({ op: 'stop' })}\n`);
      await ended;
      fs.rmSync(scratch, { recursive: true, force: true });
    },
  };
}

/** All that a cell printed to one stream, or how it failed. */
export function printed(result: CellResult, stream: 'stdout' | 'stderr' | 'error' = 'stdout'): string {
  return result.outputs.flatMap(([kind, text]) => (kind === stream && typeof text === 'string' ? [text] : [])).join('');
}
