#!/usr/bin/env node
// The program `blip-openvino`.
import * as os from 'node:os';
import { EXIT_FAILURE } from './command';
import { runCommandLine } from './run-command-line';

// Before anything works in libuv's pool: each run of a model waits in one of its threads, beside those that read and
// decode images. The default of four would hold up machines with many cores.
process.env.UV_THREADPOOL_SIZE ??= String(Math.max(4, Math.min(os.availableParallelism() + 4, 1024)));

/** Connections and threads may keep a process that is done; they end by themselves in this time, or are cut off. */
const LINGER_MS = 5_000;

process.exitCode = EXIT_FAILURE; // until it is known: a process whose work stops in the middle did not succeed
void runCommandLine(process.argv.slice(2)).then((status) => {
  process.exitCode = status;
  const end = (): void => {
    if (process.stdout.writableLength === 0) process.exit();
    setTimeout(end, LINGER_MS).unref(); // the reader is slow
  };
  setTimeout(end, LINGER_MS).unref();
});
