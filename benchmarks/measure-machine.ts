// What this machine can do right now: where it shares its cores with others, that changes while the benchmark runs.
import { execFile } from 'node:child_process';
import * as path from 'node:path';
import { promisify } from 'node:util';
import type { Machine } from './count-work';
import { environmentOf, type PythonEnvironment } from './python-environment';
import { step } from './show-progress';

const exec = promisify(execFile);

/** Empty without Python. */
export async function measureMachine(
  environment: PythonEnvironment | undefined,
): Promise<ReadonlyMap<string, unknown>> {
  if (!environment) return new Map();
  step('measuring the processor and its memory');
  const { stdout } = await exec(environment.python, [path.join(__dirname, 'python', 'measure_machine.py')], {
    env: environmentOf(environment),
  });
  const rates: unknown = JSON.parse(stdout);
  if (typeof rates !== 'object' || rates === null) throw new TypeError('measure_machine.py printed no object');
  return new Map(Object.entries(rates));
}

/** @param computedIn as the model says it, such as `bf16, decoder f32` */
export function machineOf(
  rates: ReadonlyMap<string, unknown>,
  precision: 'FP16' | 'INT8',
  computedIn: string,
): Machine {
  const half = computedIn.startsWith('bf16') ? 'bf16' : 'f32';
  const rate = (name: string): number => Number(rates.get(name) ?? Number.NaN);
  return {
    gflops: rate(precision === 'INT8' ? 'int8_gflops' : `${half}_gflops`),
    gigabytesPerSecond: rate('stream_bf16_gbs'),
  };
}
