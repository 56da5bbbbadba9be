// Runs the real command as a child process, from the sources.
import { spawn, type ChildProcess } from 'node:child_process';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { projectRoot } from '../project-root';

/** Holds on a machine that does eight other things. */
const TIMEOUT_MS = 120_000;
const ROOT = projectRoot();
const MAIN = path.join(ROOT, 'lib', 'cli', 'main.ts');

export interface CliResult {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface CliOptions {
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly input?: Buffer | string;
  readonly cwd?: string;
  /** Open files that the process may have; as many as this one by default. Not on Windows. */
  readonly maxFiles?: number;
  /** Called with the process once it runs. */
  readonly onStart?: (child: ChildProcess) => void;
}

/** Variables of the machine that a test must not depend on. */
const UNSET = ['BLIP_MODEL', 'BLIP_DEVICE', 'BLIP_DATASET', 'BLIP_REVISION', 'BLIP_PICTURE', 'BLIP_DEBUG'];

export function startCli(args: readonly string[], { env = {}, cwd = ROOT, maxFiles }: CliOptions = {}): ChildProcess {
  const inherited = Object.fromEntries(Object.entries(process.env).filter(([name]) => !UNSET.includes(name)));
  const command = [process.execPath, '--import', tsxLoader(), MAIN, ...args];
  const limited = maxFiles === undefined ? command : ['sh', '-c', `ulimit -n ${maxFiles}; exec "$@"`, 'sh', ...command];
  return spawn(limited[0], limited.slice(1), {
    cwd,
    env: { ...inherited, ...env },
    stdio: ['pipe', 'pipe', 'pipe'],
    timeout: TIMEOUT_MS,
    killSignal: 'SIGKILL',
  });
}

export function runCli(args: readonly string[], options: CliOptions = {}): Promise<CliResult> {
  return new Promise((resolve, reject) => {
    const child = startCli(args, options);
    let stdout = '';
    let stderr = '';
    child.stdout?.on('data', (chunk) => {
      stdout += String(chunk);
    });
    child.stderr?.on('data', (chunk) => {
      stderr += String(chunk);
    });
    child.stdin?.on('error', () => {}); // a command that does not read it
    child.on('error', reject);
    child.on('close', (status) => resolve({ status, stdout, stderr }));
    options.onStart?.(child);
    child.stdin?.end(options.input ?? '');
  });
}

/** By its address, so that it is found from any working folder. */
function tsxLoader(): string {
  return new URL(`file://${path.join(ROOT, 'node_modules', 'tsx', 'dist', 'loader.mjs').replaceAll('\\', '/')}`).href;
}

/** A folder for one test file, removed when the process ends. */
export function temporaryFolder(): string {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'blip-cli-'));
  process.on('exit', () => fs.rmSync(folder, { recursive: true, force: true }));
  return folder;
}
