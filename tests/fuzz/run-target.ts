// Runs a fuzz target in child processes for a while: counts what comes of each input, and saves those that end in
// anything but acceptance or a named error, a crash and a hang included.
import { fork } from 'node:child_process';
import * as fs from 'node:fs';
import * as path from 'node:path';
import { isRecord } from '../../lib/core/is-record';
import { findTarget } from './all-targets';
import { Random } from './random';

export interface FuzzOptions {
  readonly seed: string;
  readonly seconds: number;
  /** Number of the first input. */
  readonly from?: number;
  /** Ends after so many inputs. */
  readonly inputs?: number;
  /** So long one input may take; a minute by default. */
  readonly hang_ms?: number;
  /** Where inputs go that fail. */
  readonly folder: string;
}

export interface FuzzResult {
  readonly tried: number;
  /** By `accepted` or the error's class. */
  readonly outcomes: ReadonlyMap<string, number>;
  /** The saved inputs. */
  readonly failures: readonly string[];
}

/** No input takes a second; a busy machine may take its time. */
const HANG_MS = 60_000;
/** So long a process may take to begin. */
const START_MS = 120_000;
const MEMORY_MB = 1024;

export async function runTarget(name: string, options: FuzzOptions): Promise<FuzzResult> {
  const { seed, seconds, from = 0, inputs = Number.POSITIVE_INFINITY, hang_ms = HANG_MS } = options;
  const outcomes = new Map<string, number>();
  const failures: string[] = [];
  const end = performance.now() + seconds * 1000;
  let next = from;
  const save = (index: number, problem: string): void => void failures.push(saveInput(name, index, problem, options));
  while (performance.now() < end && next < from + inputs) next = await runChild();
  return { tried: next - from, outcomes, failures };

  /** @returns the number of the first input that was not tried */
  function runChild(): Promise<number> {
    return new Promise((resolve, reject) => {
      const child = fork(path.join(__dirname, 'worker.ts'), [name, seed, String(next)], {
        execArgv: ['--import', 'tsx', `--max-old-space-size=${MEMORY_MB}`],
        stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
      });
      let stderr = '';
      let running: number | undefined;
      let at = next;
      let stopped = false;
      const stop = (): void => {
        stopped = true;
        child.kill('SIGKILL');
      };
      let hang = setTimeout(stop, START_MS);
      let hangs = true;
      const timer = setTimeout(() => running === undefined && finish(), Math.max(0, end - performance.now()));
      const finish = (): void => {
        hangs = false;
        stop();
      };
      child.stderr?.on('data', (chunk) => {
        stderr = (stderr + String(chunk)).slice(-4000);
      });
      child.on('message', (message) => {
        // What a process that was stopped still sent is past the last input.
        if (stopped || !isRecord(message) || typeof message.index !== 'number') return;
        clearTimeout(hang);
        hang = setTimeout(stop, hang_ms);
        if (message.status === 'begins') {
          running = message.index;
          return;
        }
        running = undefined;
        at = message.index + 1;
        if (typeof message.problem === 'string') save(message.index, message.problem);
        else outcomes.set(String(message.outcome), (outcomes.get(String(message.outcome)) ?? 0) + 1);
        if (performance.now() >= end || at >= from + inputs) finish();
      });
      child.on('error', reject);
      child.on('close', (code, signal) => {
        clearTimeout(hang);
        clearTimeout(timer);
        if (stopped && !hangs) return resolve(at);
        if (running === undefined)
          return reject(new Error(`the worker of ${name} ended (${code ?? signal}): ${stderr}`));
        save(running, stopped ? `takes more than ${hang_ms} ms` : `ends the process (${code ?? signal}): ${stderr}`);
        resolve(running + 1);
      });
    });
  }
}

function saveInput(name: string, index: number, problem: string, { seed, folder }: FuzzOptions): string {
  const input = findTarget(name).make(new Random(seed, name, index));
  const file = path.join(folder, `${name}-${seed}-${index}-${input.name}`);
  fs.mkdirSync(folder, { recursive: true });
  fs.writeFileSync(file, input.bytes);
  fs.writeFileSync(`${file}.txt`, `${problem}\n`);
  return file;
}
