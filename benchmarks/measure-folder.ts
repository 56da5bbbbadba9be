// A folder of JPEG files, from disk to captions, by every side: ours with all stages at work together, the tutorial one
// by one, transformers in batches of eight. Beside ours, the vision model's own time at its best batch.
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { BlipProcessor, captionFolder, OVBlipModel, type PixelInput } from '../lib';
import { CAPTION_TOKENS } from './measure-sides';
import { OURS, reasonOf, TODAY_BATCH, TUTORIAL, type TodaySides } from './measure-today';
import type { ModelFolders, Prepared } from './prepare-models';
import { step } from './show-progress';

const PICTURES = path.join(__dirname, '..', 'data', 'pictures');
/** Sizes of the vision model's batch whose best is the measure. */
const BATCHES = [1, 2, 4, 8];
/** Larger sizes are not tried after so many in a row without a gain. */
const SIZES_WITHOUT_GAIN = 2;
/** Runs of each size. */
const RUNS = 3;
/** The vision model alone is measured for so long before and after the folder. */
const VISION_SECONDS = 6;
/** No further round begins that would end after so long; on two cores without AMX, three rounds take seven minutes. */
const MAX_SECONDS = 600;

export interface FolderRun {
  readonly side: string;
  readonly ms_per_image: number;
  readonly images: number;
  /** Of ours only: the vision model alone at its best batch, and that batch; the one that the folder chose. */
  readonly vision_ms?: number;
  readonly vision_batch?: number;
  readonly batch_size?: number;
}

export interface Folder {
  readonly images: number;
  readonly runs: readonly FolderRun[];
  readonly not_run: Readonly<Record<string, string>>;
}

export interface FolderOptions {
  readonly sides: TodaySides;
  readonly images: number;
  /** What a slower side may take. */
  readonly seconds: number;
}

/**
 * Rounds, in which the sides follow one another; ours do the whole folder in each of them, the others what they can in
 * their part of the time.
 */
export async function measureFolder(
  { fp16, int8 }: Prepared,
  { sides, images, seconds }: FolderOptions,
  rounds = 3,
): Promise<Folder> {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'blip-folder-'));
  const runs: FolderRun[] = [];
  const not_run: Record<string, string> = {};
  const start = performance.now();
  const elapsed = (): number => (performance.now() - start) / 1000;
  try {
    const files = fillFolder(folder, images);
    const others = othersOf(sides, { files, seconds: seconds / rounds });
    for (let round = 0; round < rounds && elapsed() * (round + 1) <= MAX_SECONDS * Math.max(round, 1); round++) {
      for (const [i, side] of OURS.entries()) {
        const batch = runs.find((run) => run.side === side)?.vision_batch;
        runs.push(await ours(side, [fp16, int8][i], { folder, files, batch }));
      }
      for (const { side, run } of others) {
        if (side in not_run) continue;
        step(`folder: ${side}, at most ${Math.ceil(seconds / rounds)} s`);
        try {
          const reply = await run();
          const [done, ms] = [Number(reply.images), Number(reply.ms)];
          if (!(done > 0 && ms > 0)) throw new TypeError(`no images and milliseconds in ${JSON.stringify(reply)}`);
          runs.push({ side, ms_per_image: ms / done, images: done });
        } catch (error) {
          not_run[side] = reasonOf(error);
        }
      }
    }
    return { images, runs, not_run };
  } finally {
    fs.rmSync(folder, { recursive: true, force: true });
  }
}

function fillFolder(folder: string, images: number): string[] {
  const names = fs.readdirSync(PICTURES).filter((name) => name.endsWith('.jpg'));
  return Array.from({ length: images }, (_, i) => {
    const file = path.join(folder, `${i}.jpg`);
    fs.copyFileSync(path.join(PICTURES, names[i % names.length]), file);
    return file;
  });
}

function othersOf(
  { tutorial, transformers }: TodaySides,
  { files, seconds }: { readonly files: readonly string[]; readonly seconds: number },
) {
  const common = { do: 'folder', files, tokens: CAPTION_TOKENS, seconds };
  return [
    ...(tutorial ? [{ side: TUTORIAL, run: () => tutorial.request(common) }] : []),
    ...Object.entries(transformers).map(([name, worker]) => ({
      side: `transformers ${name}`,
      run: () => worker.request({ ...common, side: name, batch: TODAY_BATCH }),
    })),
  ];
}

async function ours(
  side: string,
  folders: ModelFolders,
  { folder, files, batch }: { readonly folder: string; readonly files: readonly string[]; readonly batch?: number },
): Promise<FolderRun> {
  step(`folder: ${side}, ${files.length} images`);
  const output = path.join(folder, `${side.replace(' ', '-')}.jsonl`);
  const before = await visionAlone(folders.ours, files, batch);
  let shown = performance.now();
  const { done, seconds, batch_size } = await captionFolder(folder, {
    model: folders.ours,
    output,
    generation: { max_new_tokens: CAPTION_TOKENS, min_new_tokens: CAPTION_TOKENS },
    progress_callback: ({ loaded, total, message }) => {
      if (performance.now() - shown < 10_000) return;
      shown = performance.now();
      step(`folder: ${side}, ${loaded} of ${total} images, ${message}`);
    },
  });
  if (done !== files.length) throw new Error(`${folder}: ${done} captions of ${files.length} images`);
  fs.rmSync(output);
  const after = await visionAlone(folders.ours, files, before.batch);
  return {
    side,
    ms_per_image: (seconds * 1000) / done,
    images: done,
    vision_ms: (before.ms + after.ms) / 2,
    vision_batch: before.batch,
    batch_size,
  };
}

/** Milliseconds of an image whose pixels are in memory, at the best batch or the given one. */
async function visionAlone(
  folder: string,
  files: readonly string[],
  only?: number,
): Promise<{ readonly batch: number; readonly ms: number }> {
  // With the streams that the device chooses, as the folder has them
  const model = await OVBlipModel.load(folder, { properties: { PERFORMANCE_HINT: 'THROUGHPUT' } });
  try {
    const processor = await BlipProcessor.fromCheckpoint(folder);
    let best = { batch: only ?? 1, ms: Number.POSITIVE_INFINITY };
    let failures = 0;
    for (const batch of only === undefined ? BATCHES : []) {
      const pixel_values = await processor.images(files.slice(0, batch));
      const ms = await timeRuns(model, pixel_values, { batch, runs: RUNS, seconds: 0 });
      failures = ms < best.ms ? 0 : failures + 1;
      if (ms < best.ms) best = { batch, ms };
      if (failures === SIZES_WITHOUT_GAIN) break;
    }
    const pixel_values = await processor.images(files.slice(0, best.batch));
    const ms = await timeRuns(model, pixel_values, { batch: best.batch, runs: RUNS, seconds: VISION_SECONDS });
    return { batch: best.batch, ms };
  } finally {
    model.dispose();
  }
}

async function timeRuns(
  model: OVBlipModel,
  pixel_values: PixelInput,
  { batch, runs, seconds }: { readonly batch: number; readonly runs: number; readonly seconds: number },
): Promise<number> {
  const { streams } = model;
  const atOnce = (): Promise<unknown> =>
    Promise.all(Array.from({ length: streams }, () => model.encodeImage({ pixel_values })));
  await atOnce();
  const start = performance.now();
  let done = 0;
  while (done < runs * streams || performance.now() - start < seconds * 1000) {
    await atOnce();
    done += streams;
  }
  return (performance.now() - start) / (done * batch);
}
