// What the command scripts share: places, and running another program with its output shown.
import { spawn } from 'node:child_process';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import * as tty from 'node:tty';
import { fileURLToPath } from 'node:url';

export const ROOT = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');
export const VENV = path.join(ROOT, '.venv');

/**
 * The project's own Python. Its packages' commands are run as `-m`: their scripts hold the folder's path, and a project
 * may move.
 */
export const PYTHON = path.join(VENV, process.platform === 'win32' ? 'Scripts/python.exe' : 'bin/python');

/** How a program ends that was interrupted and tidied up: 128 + the number of SIGINT, whichever signal it was. */
export const INTERRUPTED_CODE = 130;

export const ENDING_SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'];

/**
 * Runs a program and waits. Its output goes to this terminal unless `capture` is set.
 * Interrupts reach the child through the terminal; this process waits for it to end cleanly, and tells with
 * `interrupted`. A child that knows one interrupt from two is passed those that only this process got, too (`forward`).
 * `clock` counts the seconds on a terminal, for steps that show nothing else. With `lifeline`, the child's standard
 * input is a pipe whose end tells it that this process is gone. `timeout` ends the child after so many milliseconds; 0
 * never does.
 */
export function run(
  program,
  args,
  { capture = false, clock = false, forward = false, lifeline = false, timeout = 0, env = {}, cwd = ROOT } = {},
) {
  return new Promise((resolve, reject) => {
    let interrupted = false;
    const onSignal = (signal) => {
      interrupted = true;
      if (forward || signal !== 'SIGINT') child.kill(signal);
    };
    // Before the program starts: an interrupt right after it would end this process without a word.
    for (const signal of ENDING_SIGNALS) process.on(signal, onSignal);
    const child = spawn(program, args, {
      cwd,
      // The library takes OpenVINO and NNCF from an active environment first: here that is the project's own.
      env: { ...process.env, VIRTUAL_ENV: VENV, ...env },
      stdio: capture ? ['ignore', 'pipe', 'pipe'] : [lifeline ? 'pipe' : 'inherit', 'inherit', 'inherit'],
      shell: process.platform === 'win32' && program.endsWith('.cmd'),
      timeout,
    });
    let output = '';
    for (const stream of [child.stdout, child.stderr])
      stream?.on('data', (chunk) => {
        output += chunk;
      });
    child.stdin?.on('error', () => {}); // a child that ended early: its code says more
    const stopClock = clock ? startClock() : () => {};
    const end = () => {
      stopClock();
      for (const signal of ENDING_SIGNALS) process.off(signal, onSignal);
    };
    child.on('error', (error) => {
      end();
      reject(error);
    });
    // One turn of the loop later: where both come at once, Node may report the child's end before the interrupt that it
    // ended by.
    child.on('close', (code, signal) =>
      setImmediate(() => {
        end();
        resolve({
          code: code ?? 1,
          signal,
          output,
          interrupted: interrupted || signal === 'SIGINT' || code === INTERRUPTED_CODE,
        });
      }),
    );
  });
}

function startClock() {
  if (!process.stdout.isTTY) return () => {};
  const start = Date.now();
  const timer = setInterval(() => process.stdout.write(`\r  ${Math.round((Date.now() - start) / 1000)} s `), 1000);
  return () => {
    clearInterval(timer);
    process.stdout.write('\r\x1b[K');
  };
}

/** Of standard input, output and error, those that are a terminal. */
const TERMINALS = [0, 1, 2].filter((descriptor) => tty.isatty(descriptor));

/** Ends the process, also when its terminal was closed: Node 20 aborts where it cannot set that back as it was. */
export function endProcess(code) {
  for (const descriptor of TERMINALS)
    if (!tty.isatty(descriptor)) {
      fs.closeSync(descriptor);
      fs.openSync(os.devNull, 'r+'); // takes the lowest free number: the same one
    }
  process.exit(code);
}

/** Ends the process with a message and no stack. */
export function fail(message, code = 1) {
  console.error(`\n${message}`);
  endProcess(code);
}
