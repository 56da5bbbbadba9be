// The runtime's own limit: OpenVINO's benchmark_app on our vision model, with the latency and the throughput hint, in
// each precision of computation.
import { execFile } from 'node:child_process';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { promisify } from 'node:util';
import { environmentOf, type PythonEnvironment } from './python-environment';
import { reasonOf } from './measure-today';
import { step } from './show-progress';

const exec = promisify(execFile);
/** Of one measurement; benchmark_app itself warms up before. */
const SECONDS = 6;
const TIMEOUT_MS = 120_000;
/** The module does nothing when it is run with -m. */
const PROGRAM = 'from openvino.tools.benchmark.main import main; main()';
/** Images in a run. */
const BATCHES = [1, 8];

export interface LimitRun {
  readonly weights: 'FP16' | 'INT8';
  readonly hint: 'latency' | 'throughput';
  /** What is computed in; `default` is the processor's own choice. */
  readonly precision: string;
  readonly batch: number;
  /** Of one image: with the latency hint the median of a run, with the other the inverse of the rate. */
  readonly ms_per_image: number;
}

export interface Limit {
  readonly runs: readonly LimitRun[];
  readonly not_run?: string;
}

/** @param size of the model's images, in pixels */
export async function measureLimit(
  environment: PythonEnvironment | undefined,
  folders: Readonly<Record<'FP16' | 'INT8', string>>,
  size: number,
): Promise<Limit> {
  if (!environment) return { runs: [], not_run: 'there is no Python environment with OpenVINO' };
  const runs: LimitRun[] = [];
  const report = fs.mkdtempSync(path.join(os.tmpdir(), 'blip-benchmark-app-'));
  try {
    for (const weights of ['FP16', 'INT8'] as const)
      for (const precision of ['default', 'f32'])
        for (const hint of ['latency', 'throughput'] as const)
          for (const batch of hint === 'latency' ? [1] : BATCHES) {
            step(`benchmark_app: ${weights}, ${precision}, ${hint}, batch ${batch}`);
            const model = path.join(folders[weights], 'blip_vision_model.xml');
            const args = ['-c', PROGRAM, '-m', model, '-d', 'CPU', '-hint', hint];
            args.push('-t', String(SECONDS), '-shape', `pixel_values[${batch},3,${size},${size}]`);
            args.push('-report_type', 'no_counters', '-report_folder', report, '-json_stats');
            if (precision !== 'default') args.push('-infer_precision', precision);
            await exec(environment.python, args, {
              env: environmentOf(environment),
              timeout: TIMEOUT_MS,
              maxBuffer: 1 << 26,
            });
            const text = fs.readFileSync(path.join(report, 'benchmark_report.json'), 'utf8');
            runs.push({ weights, hint, precision, batch, ms_per_image: parseReport(text, hint) });
          }
    return { runs };
  } catch (error) {
    return { runs, not_run: `benchmark_app: ${reasonOf(error)}` };
  } finally {
    fs.rmSync(report, { recursive: true, force: true });
  }
}

/** Milliseconds of an image in benchmark_report.json. @throws {TypeError} when the figure is not there */
export function parseReport(text: string, hint: 'latency' | 'throughput'): number {
  const report: unknown = JSON.parse(text);
  const results = valueOf(report, 'execution_results');
  const name = hint === 'latency' ? 'latency (ms)' : 'throughput';
  const value = Number(valueOf(results, name) ?? Number.NaN);
  if (!(Number.isFinite(value) && value > 0))
    throw new TypeError(`benchmark_report.json has no positive "${name}" in "execution_results".`);
  return hint === 'latency' ? value : 1000 / value; // images per second, whatever the batch
}

function valueOf(object: unknown, name: string): unknown {
  return typeof object === 'object' && object !== null ? new Map(Object.entries(object)).get(name) : undefined;
}
