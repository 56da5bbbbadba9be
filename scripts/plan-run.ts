// What the start command says first: which model, about how long it takes, how much it downloads and how much room it
// needs.
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { findCheckpoint, parseBlipConfig, WEIGHT_FILES, type BlipTask } from '../lib/checkpoint';
import { freeBytes } from '../lib/core/free-bytes';
import { readJSON } from '../lib/core/read-json';
import { duration } from '../lib/notebook/progress-bar';
import type { RunSettings } from '../lib/notebook/run-settings';
import { estimateRun } from './estimate-run';

/** Names in config.json; without one, the largest is assumed. */
const ARCHITECTURES: Readonly<Record<string, BlipTask>> = {
  BlipForConditionalGeneration: 'image-to-text',
  BlipForImageTextRetrieval: 'image-text-retrieval',
};
const TASKS: Readonly<Record<BlipTask, string>> = {
  'visual-question-answering': 'answers questions, writes captions',
  'image-to-text': 'writes captions',
  'image-text-retrieval': 'matches texts to images',
};
/** Samples of VQAv2 with their images, as the notebooks take them. */
const DATASET_BYTES = 120e6;

/**
 * Fetches the configuration where the model is on the hub, and nothing else.
 *
 * @throws {CheckpointError | HubError} when there is no such model: before anything long begins
 */
export async function planRun(settings: RunSettings): Promise<string[]> {
  const { folder, id } = await findCheckpoint(settings.model, {}, { weights: false });
  const file = path.join(folder, 'config.json');
  const config = parseBlipConfig(readJSON(file), file);
  const task = config.architectures.map((name) => ARCHITECTURES[name]).find(Boolean) ?? 'visual-question-answering';
  const cores = os.availableParallelism();
  const estimate = estimateRun(config, task, cores);
  const download =
    (isComplete(folder) ? 0 : estimate.downloadBytes) + (fs.existsSync(settings.dataset) ? 0 : DATASET_BYTES);
  const needed = estimate.modelBytes + estimate.temporaryBytes;
  const free = freeBytes(settings.output);
  const lines = [
    `Running the notebooks with ${id} (${TASKS[task]}; ${Math.round(estimate.parameters / 1e5) / 10} million parameters) on ${settings.device}`,
    `Estimate: ${range(estimate.seconds)} on ${cores} core${cores === 1 ? '' : 's'}; ` +
      `${download > 0 ? `${size(download)} to download; ` : ''}${size(needed)} in the folder ${settings.output}` +
      `${free === undefined ? '' : `, where ${size(free)} are free`}`,
  ];
  if (free !== undefined && needed > free)
    lines.push(`Warning: that is most likely not enough. Make room there, or choose another folder: BLIP_OUTPUT.`);
  return lines;
}

/** Whether a folder has weights: those of the hub may be in the cache already. */
function isComplete(folder: string): boolean {
  return WEIGHT_FILES.some(({ name }) => fs.existsSync(path.join(folder, name)));
}

function range([least, most]: readonly [number, number]): string {
  const [from, to] = [least, most].map((seconds) => duration(1000 * seconds));
  return from === to ? `about ${from}` : `${from} to ${to}`;
}

/** @example size(1_540_000_000) // '1.5 GB' */
function size(bytes: number): string {
  return bytes < 1e9 ? `${Math.max(1, Math.round(bytes / 1e6))} MB` : `${(bytes / 1e9).toFixed(1)} GB`;
}
