// What the start command says first: which model, about how long it takes, how much it downloads and how much room it
// needs.
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import {
  configuredTask,
  findCheckpoint,
  loadCheckpoint,
  parseBlipConfig,
  WEIGHT_FILES,
  type BlipConfig,
  type BlipTask,
} from '../lib/checkpoint';
import { freeBytes } from '../lib/core/free-bytes';
import { readJSON } from '../lib/core/read-json';
import { duration } from '../lib/notebook/progress-bar';
import type { RunSettings } from '../lib/notebook/run-settings';
import { estimateRun } from './estimate-run';

const TASKS: Readonly<Record<BlipTask, string>> = {
  'visual-question-answering': 'answers questions, writes captions',
  'image-to-text': 'writes captions',
  'image-text-retrieval': 'matches texts to images',
  'feature-extraction': 'compares images and texts',
};
/** Samples of VQAv2 with their images, as the notebooks take them. */
const DATASET_BYTES = 120e6;

/**
 * Fetches the side files where the model is on the hub, and nothing else.
 *
 * @throws {CheckpointError | HubError} when there is no such model: before anything long begins
 */
export async function planRun(settings: RunSettings): Promise<string[]> {
  const { folder, file, id } = await findCheckpoint(settings.model, {}, { weights: false });
  const isHere = file !== undefined || WEIGHT_FILES.some(({ name }) => fs.existsSync(path.join(folder, name)));
  const { config, task } = isHere ? await readCheckpoint(file ?? folder) : readConfig(folder);
  const cores = os.availableParallelism();
  const [load] = os.loadavg(); // 0 on Windows
  return planLines(settings, { id, config, task, isHere, cores, load, free: freeBytes(settings.output) });
}

export interface Plan extends Described {
  readonly id: string;
  /** Whether the weights are on this machine. */
  readonly isHere: boolean;
  readonly cores: number;
  /** Programs that computed at the same time in the last minute. */
  readonly load: number;
  /** Bytes on the disk of the output folder; undefined where the system does not say. */
  readonly free: number | undefined;
}

export function planLines(settings: RunSettings, { id, config, task, isHere, cores, load, free }: Plan): string[] {
  const { parameters, seconds, downloadBytes, modelBytes, temporaryBytes } = estimateRun(config, task, cores, load);
  const busy = load > cores ? `, busy with other programs (${load.toFixed(0)} at once)` : '';
  const download = (isHere ? 0 : downloadBytes) + (fs.existsSync(settings.dataset) ? 0 : DATASET_BYTES);
  const needed = modelBytes + temporaryBytes;
  const room = free === undefined ? '' : `, where ${size(free)} are free`;
  return [
    `Running the notebooks with ${id} (${TASKS[task]}; ${(parameters / 1e6).toFixed(1)} million parameters) on ` +
      `${settings.device}`,
    `Estimate: ${range(seconds)} on ${cores} core${cores === 1 ? '' : 's'}${busy}; ` +
      `${download > 0 ? `${size(download)} to download; ` : ''}${size(needed)} in the folder ${settings.output}${room}`,
    ...(free !== undefined && needed > free
      ? ['Warning: that is most likely not enough. Make room there, or choose another folder: BLIP_OUTPUT.']
      : []),
  ];
}

interface Described {
  readonly config: BlipConfig;
  readonly task: BlipTask;
}

/** Headers only: what is wrong with the weights is told before anything else. */
async function readCheckpoint(source: string): Promise<Described> {
  const checkpoint = await loadCheckpoint(source);
  checkpoint.close();
  return checkpoint;
}

/** Without weights; where the configuration does not name the task, the largest one is assumed. */
function readConfig(folder: string): Described {
  const file = path.join(folder, 'config.json');
  const config = parseBlipConfig(readJSON(file), file);
  return { config, task: configuredTask(config) ?? 'visual-question-answering' };
}

function range([least, most]: readonly [number, number]): string {
  const [from, to] = [least, most].map((seconds) => duration(1000 * seconds));
  return from === to ? `about ${from}` : `${from} to ${to}`;
}

/** @example size(1_540_000_000) // '1.5 GB' */
function size(bytes: number): string {
  return bytes < 1e9 ? `${Math.max(1, Math.round(bytes / 1e6))} MB` : `${(bytes / 1e9).toFixed(1)} GB`;
}
