// What the tests of captionFolder and askFolder share: the bundled model, folders of its images, and what PyTorch says
// of them.
import * as fs from 'node:fs';
import * as path from 'node:path';
import type { BatchSummary, CaptionFolderOptions } from '../../lib';
import { temporaryFolder } from '../cli/run-cli';

export const FIXTURES = path.resolve('tests', 'fixtures', 'batch');
export const PICTURES = path.resolve('data', 'pictures');
export const work = temporaryFolder();
process.env.BLIP_CACHE = path.join(work, 'cache');
/** As PyTorch computes them; OpenVINO in f32 writes the same. */
export const expected: Record<string, { caption: string; score: number }> = JSON.parse(
  fs.readFileSync(path.join(FIXTURES, 'scores.json'), 'utf8'),
);
export const base: CaptionFolderOptions = {
  model: path.resolve('models', 'blip-scenes'),
  properties: { INFERENCE_PRECISION_HINT: 'f32' },
};
export const DEMO = 'two gray dogs playing with two green balls on the beach\n';

export interface Row {
  readonly image: string;
  readonly caption: string;
  readonly score: number;
  readonly question?: string;
  readonly answer?: string;
  readonly sha256: string;
}

let made = 0;
/** A folder with some of the pictures. */
export function photos(...names: readonly string[]): string {
  const folder = path.join(work, `photos-${made++}`);
  fs.mkdirSync(folder);
  for (const name of names) fs.copyFileSync(path.join(PICTURES, name), path.join(folder, name));
  return folder;
}

export function rowsOf(file: string): Row[] {
  return fs
    .readFileSync(file, 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
}

/** How many are done, skipped, kept and failed. */
export function counts({ done, skipped, kept, failures }: BatchSummary): number[] {
  return [done, skipped, kept, failures.length];
}

export function read(folder: string, name: string): string {
  return fs.readFileSync(path.join(folder, name), 'utf8');
}
