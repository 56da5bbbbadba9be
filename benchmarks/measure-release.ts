// measure-release.ts FOLDER SECONDS: whether taking mapped weights out of memory (decision 024) costs time. FOLDER is
// one that measure-peak.ts made: output/bench/peak/fp16. Each round starts a fresh process for each side, in turns,
// another one first each time: one that releases, and one whose look at its maps finds nothing to release. Prints
// medians of both, and of the ratios released over kept of the same round, with their 10th and 90th percentile.
import { spawnSync } from 'node:child_process';
import * as fs from 'node:fs';
import * as path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { summarize } from '../lib/timing';

const IMAGE = path.join('data', 'pictures', 'demo.jpg');
const QUESTION = 'how many dogs are there?';
const SIDES = ['released', 'kept'] as const;
type Side = (typeof SIDES)[number];
/** Longer than the last release after a first run. */
const SETTLED_MS = 300;
const LATER = 3;
const FIELDS = ['load', 'first_caption', 'first_answer', 'later_caption', 'later_answer', 'processor', 'resident_mb'];

/** One process: milliseconds, and of the whole process processor time and largest size. */
async function measureSide(folder: string, side: Side): Promise<Record<string, number>> {
  if (side === 'kept') hideMaps();
  const { BlipProcessor, OVBlipModel } = await import('../lib');
  const times: Record<string, number> = {};
  const timed = async <T>(name: string, run: () => Promise<T>): Promise<T> => {
    const start = performance.now();
    const value = await run();
    times[name] = Math.min(times[name] ?? Infinity, performance.now() - start);
    return value;
  };
  const processor = await BlipProcessor.fromPretrained(folder);
  const pixel_values = await processor.image(IMAGE);
  const text = processor.text(QUESTION);
  const model = await timed('load', () => OVBlipModel.load(folder));
  const caption = (): Promise<unknown> => model.generateCaption({ pixel_values }, { max_new_tokens: 10 });
  const answer = (): Promise<unknown> => model.generateAnswer({ pixel_values, ...text }, { max_new_tokens: 3 });
  await timed('first_caption', caption);
  await timed('first_answer', answer);
  await sleep(SETTLED_MS);
  for (let i = 0; i < LATER; i++) {
    await timed('later_caption', caption);
    await timed('later_answer', answer);
  }
  const { user, system } = process.cpuUsage();
  return { ...times, processor: (user + system) / 1000, resident_mb: process.resourceUsage().maxRSS / 1024 };
}

function hideMaps(): void {
  const read = fs.readFileSync;
  const replaced: unknown = (file: fs.PathOrFileDescriptor, ...rest: never[]): unknown =>
    file === '/proc/self/maps' ? '' : read(file, ...rest);
  Reflect.set(require('node:fs'), 'readFileSync', replaced);
}

function runSide(folder: string, side: Side): Record<string, number> {
  const args = [...process.execArgv, __filename, folder, side];
  const { stdout, status } = spawnSync(process.execPath, args, {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  if (status !== 0) throw new Error(`${side} ended with ${status}`);
  const value: Record<string, number> = JSON.parse(stdout);
  return value;
}

async function main(): Promise<void> {
  const [, , folder, second] = process.argv;
  if (second === 'released' || second === 'kept') {
    process.stdout.write(JSON.stringify(await measureSide(folder, second)));
    return;
  }
  const seconds = Number(second);
  if (!(seconds > 0)) throw new RangeError(`${second} seconds; expected a number above 0.`);
  for (const side of SIDES) runSide(folder, side); // fills the cache of compiled models
  const samples: Record<Side, Record<string, number>[]> = { released: [], kept: [] };
  const start = performance.now();
  for (let round = 0; performance.now() - start < seconds * 1000; round++)
    for (const side of round % 2 === 0 ? SIDES : [...SIDES].reverse()) samples[side].push(runSide(folder, side));
  console.log(`${folder}: ${samples.kept.length} rounds`);
  for (const field of FIELDS) {
    const of = (side: Side): number[] => samples[side].map((sample) => sample[field]);
    const ratio = summarize(of('released').map((value, i) => value / of('kept')[i]));
    const [released, kept] = SIDES.map((side) => summarize(of(side)).median.toFixed(0));
    const spread = [ratio.p10, ratio.p90].map((value) => value.toFixed(3)).join(' to ');
    console.log(`${field}: released ${released}, kept ${kept}, ratio ${ratio.median.toFixed(3)} (${spread})`);
  }
}

main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
