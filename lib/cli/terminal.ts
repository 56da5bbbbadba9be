// What a command has around it: standard streams, progress, and the signal that Ctrl-C aborts.
import type { Readable } from 'node:stream';
import type { ProgressCallback } from '../core/progress';
import { EXIT_FAILURE, EXIT_INTERRUPTED, EXIT_OK } from './command';
import { printable, printableLines } from './printable';
import { terminalProgress } from './terminal-progress';

export interface Terminal {
  /** A result, as one or more lines on stdout. Waits where the reader is slower. */
  print(text: string): Promise<void>;
  /** A line on stderr: an error, a hint. */
  note(text: string): void;
  /** A callback that shows how far something is on stderr; the call's label stands in front. */
  progress(label: string): ProgressCallback;
  /** Removes a line of progress, so that a result does not stand behind it. */
  clear(): void;
  /** No progress from now on. */
  silence(): void;
  readonly stdin: Readable & { readonly isTTY?: boolean };
  /** Aborted by Ctrl-C and by SIGTERM. */
  readonly signal: AbortSignal;
  close(): void;
}

/** A command that was interrupted has this long to end cleanly: an inference that runs cannot be stopped. */
const GRACE_MS = 5_000;

export function openTerminal(): Terminal {
  const { stdin, stdout, stderr } = process;
  const interrupted = new AbortController();
  const progress = terminalProgress(stderr);
  const onSignal = (): void => {
    if (interrupted.signal.aborted) process.exit(EXIT_INTERRUPTED); // the second time
    interrupted.abort(new Error('Interrupted'));
    stdin.destroy(); // nothing waits for it any more
    setTimeout(() => process.exit(EXIT_INTERRUPTED), GRACE_MS).unref();
  };
  /** Whoever read the output has enough: `| head`. */
  const onPipeError = (error: Error): void => {
    if ('code' in error && error.code === 'EPIPE') process.exit(EXIT_OK);
    stderr.write(`blip-openvino: standard output cannot be written: ${printable(error.message)}.\n`);
    process.exit(EXIT_FAILURE);
  };
  const ignore = (): void => {}; // nobody reads messages: the work goes on
  const signals: readonly NodeJS.Signals[] = ['SIGINT', 'SIGTERM'];
  for (const name of signals) process.on(name, onSignal);
  stdout.on('error', onPipeError);
  stderr.on('error', ignore);
  return {
    async print(text) {
      progress.clear();
      if (!stdout.write(`${text}\n`)) await new Promise<void>((resolve) => stdout.once('drain', () => resolve()));
    },
    note(text) {
      progress.clear();
      stderr.write(`${printableLines(text)}\n`);
    },
    progress: progress.start,
    clear: progress.clear,
    silence: progress.silence,
    stdin,
    signal: interrupted.signal,
    close() {
      progress.clear();
      for (const name of signals) process.off(name, onSignal);
    },
  };
}
