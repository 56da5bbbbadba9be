// What the command scripts share: places, and running another program with its output shown.
import { spawn } from 'node:child_process';
import * as path from 'node:path';
import { fileURLToPath } from 'node:url';

export const ROOT = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');
export const VENV = path.join(ROOT, '.venv');
const BIN = path.join(VENV, process.platform === 'win32' ? 'Scripts' : 'bin');

/** A program of the project's Python environment, such as `python` or `jupyter`. */
export const inVenv = (name) => path.join(BIN, process.platform === 'win32' ? `${name}.exe` : name);

/**
 * Runs a program and waits. Its output goes to this terminal unless `capture` is set.
 * Interrupts reach the child through the terminal; this process waits for it to end cleanly.
 */
export function run(program, args, { capture = false, env = {}, cwd = ROOT } = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { cwd, env: { ...process.env, ...env }, stdio: capture ? ['ignore', 'pipe', 'pipe'] : 'inherit', shell: process.platform === 'win32' && program.endsWith('.cmd') });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk) => { output += chunk; });
    const ignore = () => {};
    process.on('SIGINT', ignore);
    child.on('error', reject);
    child.on('close', (code, signal) => {
      process.off('SIGINT', ignore);
      resolve({ code: code ?? 1, signal, output });
    });
  });
}

/** Ends the process with a message and no stack. */
export function fail(message) {
  console.error(`\n${message}`);
  process.exit(1);
}
