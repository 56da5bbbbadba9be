// Makes what the comparison runs on, once: both sides' IR in FP16 and INT8 of one checkpoint. Times the conversions.
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import * as fs from 'node:fs';
import * as path from 'node:path';
import { promisify } from 'node:util';
import { loadVqaSamples, quantizeBlip } from '../lib';
import { environmentOf, type PythonEnvironment } from './python-environment';
import { runJSON } from './run-json';

const exec = promisify(execFile);
const PYTHON = path.join(__dirname, 'python');
/** Speed and size do not depend on how well the ranges were estimated: a few samples do. */
const CALIBRATION_SAMPLES = 8;

export interface ModelFolders {
  readonly tutorial: string;
  readonly ours: string;
}
export interface Prepared {
  readonly fp16: ModelFolders;
  readonly int8: ModelFolders;
}
/** One conversion in a fresh process; peak_bytes of memory. */
export interface ConvertRun {
  readonly milliseconds: number;
  readonly peak_bytes: number;
}

const FIELDS = ['milliseconds', 'peak_bytes'] as const;

export function modelFolders(folder: string): Prepared {
  const of = (precision: string): ModelFolders => ({
    tutorial: path.join(folder, `tutorial-${precision}`),
    ours: path.join(folder, `ours-${precision}`),
  });
  return { fp16: of('fp16'), int8: of('int8') };
}

/** Both conversions in turns, each in a fresh process, as a user starts them. */
export async function timeConversions(
  tutorial: PythonEnvironment | undefined,
  checkpoint: string,
  { fp16 }: Prepared,
  runs: number,
): Promise<Record<keyof ModelFolders, ConvertRun[]>> {
  const times: Record<keyof ModelFolders, ConvertRun[]> = { tutorial: [], ours: [] };
  for (let run = 0; run < runs; run++) {
    if (tutorial)
      times.tutorial.push(
        await runJSON(tutorial.python, [path.join(PYTHON, 'convert_once.py'), checkpoint, fp16.tutorial], {
          names: FIELDS,
          env: environmentOf(tutorial),
        }),
      );
    times.ours.push(
      await runJSON(process.execPath, [path.join(__dirname, 'convert-once.mjs'), checkpoint, fp16.ours], {
        names: FIELDS,
      }),
    );
    const seconds = [times.tutorial[run], times.ours[run]].flatMap((one) =>
      one ? [`${(one.milliseconds / 1000).toFixed(1)} s`] : [],
    );
    console.log(`  conversion ${run + 1} of ${runs}: ${seconds.join(' and ')}`);
  }
  return times;
}

/**
 * INT8 versions of both sides, kept between runs, ours as long as its graphs stay what they are. NNCF takes minutes at
 * BLIP-base's size.
 */
export async function quantizeBoth(
  tutorial: PythonEnvironment | undefined,
  checkpoint: string,
  { fp16, int8 }: Prepared,
): Promise<void> {
  const stamp = path.join(int8.ours, 'made-of.txt');
  const graphs = hashOfGraphs(fp16.ours);
  if (!fs.existsSync(stamp) || fs.readFileSync(stamp, 'utf8') !== graphs) {
    console.log('  quantizing ours (kept for the next time)');
    const { samples } = await loadVqaSamples('data/vqa-scenes', {
      split: 'train',
      count: CALIBRATION_SAMPLES,
      seed: 42,
    });
    await quantizeBlip(fp16.ours, samples, int8.ours, { subset_size: CALIBRATION_SAMPLES });
    fs.writeFileSync(stamp, graphs);
  }
  if (tutorial && !fs.existsSync(path.join(int8.tutorial, 'blip_text_decoder_with_past.xml'))) {
    console.log("  quantizing the tutorial's (kept for the next time)");
    await exec(
      tutorial.python,
      [
        path.join(PYTHON, 'quantize_tutorial.py'),
        fp16.tutorial,
        int8.tutorial,
        String(CALIBRATION_SAMPLES),
        checkpoint,
      ],
      { maxBuffer: 1 << 26, env: environmentOf(tutorial) },
    );
  }
}

function hashOfGraphs(folder: string): string {
  const hash = createHash('sha256');
  for (const name of fs
    .readdirSync(folder)
    .filter((file) => file.endsWith('.xml'))
    .sort())
    hash.update(fs.readFileSync(path.join(folder, name)));
  return hash.digest('hex');
}
