// Tables of what people use today, of the runtime's limit, and of a folder.
import { summarize } from '../lib';
import { milliseconds } from '../lib/notebook';
import type { Folder, FolderRun } from './measure-folder';
import type { Limit, LimitRun } from './measure-limit';
import { OURS, type Today } from './measure-today';

const REFERENCE = OURS[0];

/** Milliseconds of an image; in bold how many times as long as ours at FP16 in the same rounds. */
export function todayReport({ stages, not_run }: Today): string[] {
  const sides = [...new Set(stages.flatMap(({ samples }) => Object.keys(samples)))];
  return [
    '#### Beside what people use today',
    '',
    'Milliseconds of an image (10th to 90th percentile), all sides in turns; in bold the median of the ratios ' +
      'to ours at FP16 in the same round, above 1 is slower.',
    '',
    `| side | ${stages.map(({ stage }) => stage).join(' | ')} |`,
    `|---|${stages.map(() => '---|').join('')}`,
    ...sides.map((side) => `| ${side} | ${stages.map(({ samples }) => todayCell(samples, side)).join(' | ')} |`),
    '',
    ...Object.entries(not_run).flatMap(([side, reason]) => [`${side}: not run: ${sentence(reason)}`, '']),
  ];
}

function todayCell(samples: Readonly<Record<string, readonly number[]>>, side: string): string {
  if (!samples[side]) return '';
  const { median, p10, p90 } = summarize(samples[side]);
  const reference = samples[REFERENCE];
  const ratio =
    reference && side !== REFERENCE
      ? ` **${summarize(samples[side].map((ms, round) => ms / reference[round])).median.toFixed(2)}**`
      : '';
  return `${milliseconds(median)} (${milliseconds(p10)}-${milliseconds(p90)})${ratio}`;
}

/** The lesser time of benchmark_app's runs with this hint, whatever it computes in. */
function bestLimit({ runs }: Limit, weights: LimitRun['weights'], hint: LimitRun['hint']): LimitRun | undefined {
  return runs
    .filter((run) => run.weights === weights && run.hint === hint)
    .reduce<LimitRun | undefined>(
      (best, run) => (best && best.ms_per_image <= run.ms_per_image ? best : run),
      undefined,
    );
}

export function limitReport(limit: Limit, today: Today | undefined, folder: Folder | undefined): string[] {
  const rows = (['FP16', 'INT8'] as const).flatMap((weights) =>
    (['latency', 'throughput'] as const).flatMap((hint) => {
      const best = bestLimit(limit, weights, hint);
      if (!best) return [];
      const side = `ours ${weights}`;
      const one = today?.stages.find(({ stage }) => stage === 'vision model')?.samples[side];
      const many = visionOf(folder, side);
      const ours = hint === 'latency' ? one && summarize(one).median : many;
      return [
        `| ${weights}, ${hint} | ${milliseconds(best.ms_per_image)} | ${best.precision}, batch ${best.batch} | ` +
          `${ours === undefined ? '' : `${milliseconds(ours)} | ${(ours / best.ms_per_image).toFixed(2)}`} |`,
      ];
    }),
  );
  return [
    '#### The limit of the runtime',
    '',
    "OpenVINO's `benchmark_app` on our vision model, the best of its precisions and batches, milliseconds of an " +
      'image; beside it ours, for one image (latency) and at its best batch (throughput).',
    '',
    ...(rows.length > 0
      ? ['| weights, hint | benchmark_app ms | best with | ours ms | ratio |', '|---|---|---|---|---|', ...rows, '']
      : []),
    ...(limit.not_run ? [`Not run: ${sentence(limit.not_run)}`, ''] : []),
  ];
}

function visionOf(folder: Folder | undefined, side: string): number | undefined {
  const times = (folder?.runs ?? []).flatMap((run) =>
    run.side === side && run.vision_ms !== undefined ? [run.vision_ms] : [],
  );
  return times.length > 0 ? summarize(times).median : undefined;
}

/** Medians of one side over the rounds. */
export function folderSide(
  { runs }: Folder,
  side: string,
): { readonly ms: number; readonly vision?: number } | undefined {
  const times = runs.filter((run) => run.side === side).map((run) => run.ms_per_image);
  if (times.length === 0) return undefined;
  const vision = visionOf({ runs, images: 0, not_run: {} }, side);
  return { ms: summarize(times).median, ...(vision !== undefined && { vision }) };
}

export function folderReport(folder: Folder): string[] {
  const { images, runs, not_run } = folder;
  const reference = folderSide(folder, REFERENCE)?.ms;
  const rows = [...new Set(runs.map(({ side }) => side))].map((side) => {
    const own = runs.filter((run) => run.side === side);
    const { ms, vision } = folderSide(folder, side) ?? { ms: Number.NaN };
    const spread = own.length > 1 ? ` (${own.map((run) => (1000 / run.ms_per_image).toFixed(2)).join(', ')})` : '';
    const ratio = reference === undefined ? '' : (ms / reference).toFixed(2);
    const [{ vision_batch, batch_size }] = own;
    const alone =
      vision === undefined
        ? ' | '
        : `${milliseconds(vision)}, batch ${vision_batch} | **${folderOverVision(own)}**, batch ${batch_size}`;
    const rate = `${(1000 / ms).toFixed(2)}${spread}`;
    return `| ${side} | ${own[0].images} | ${rate} | ${milliseconds(ms)} | ${ratio} | ${alone} |`;
  });
  return [
    '#### A folder, from disk to captions',
    '',
    `${images} JPEG files, 10 new tokens. Ours with \`captionFolder\`, the tutorial one by one, transformers in ` +
      'batches of 8; slower sides do as many as their time allows. The last columns hold the folder against the ' +
      'vision model alone at its best batch, measured before and after it; 1.05 is the goal.',
    '',
    '| side | images | images/s (each round) | ms an image | against ours FP16 | vision model alone, ms ' +
      '| folder over it |',
    '|---|---|---|---|---|---|---|',
    ...rows,
    '',
    ...bestOf(folder),
    ...Object.entries(not_run).flatMap(([side, reason]) => [`${side}: not run: ${sentence(reason)}`, '']),
  ];
}

/** The median of the rounds' ratios, with the least and the largest. */
function folderOverVision(runs: readonly FolderRun[]): string {
  const ratios = runs.flatMap((run) => (run.vision_ms === undefined ? [] : [run.ms_per_image / run.vision_ms]));
  const { median } = summarize(ratios);
  if (ratios.length < 2) return median.toFixed(2);
  return `${median.toFixed(2)} (${Math.min(...ratios).toFixed(2)}-${Math.max(...ratios).toFixed(2)})`;
}

/** Ours against the best of transformers. */
function bestOf(folder: Folder): string[] {
  const others = [...new Set(folder.runs.map(({ side }) => side))]
    .filter((side) => side.startsWith('transformers'))
    .flatMap((side) => {
      const found = folderSide(folder, side);
      return found ? [{ side, ms: found.ms }] : [];
    })
    .sort((a, b) => a.ms - b.ms);
  if (others.length === 0) return [];
  const [best] = others;
  const ratios = OURS.flatMap((side) => {
    const ours = folderSide(folder, side);
    return ours ? [`${side} ${(best.ms / ours.ms).toFixed(2)}x`] : [];
  });
  return [`Images per second over those of the best of transformers (${best.side}): ${ratios.join(', ')}.`, ''];
}

function sentence(text: string): string {
  return /[.!?]$/.test(text) ? text : `${text}.`;
}
