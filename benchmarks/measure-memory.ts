// measure-memory.ts [CAPTIONS]: whether memory grows, over many captions of the bundled model in one process. Prints
// the resident size (RSS) at each hundredth, and its slope by least squares over the second half.
// Run it with: node --expose-gc --import tsx benchmarks/measure-memory.ts 20000
import * as fs from 'node:fs';
import * as path from 'node:path';
import { pipeline } from '../lib';

const CAPTIONS = Number(process.argv[2] ?? 20_000);
const SAMPLES = 100;
const PICTURES = path.join('data', 'pictures');

interface Sample {
  readonly captions: number;
  readonly rss: number;
}

/** Bytes per caption. */
function slope(samples: readonly Sample[]): number {
  const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
  const x = mean(samples.map(({ captions }) => captions));
  const y = mean(samples.map(({ rss }) => rss));
  const covariance = samples.reduce((sum, { captions, rss }) => sum + (captions - x) * (rss - y), 0);
  return covariance / samples.reduce((sum, { captions }) => sum + (captions - x) ** 2, 0);
}

async function main(): Promise<void> {
  if (!Number.isSafeInteger(CAPTIONS) || CAPTIONS < SAMPLES)
    throw new RangeError(`${process.argv[2]} captions; expected a whole number from ${SAMPLES}.`);
  const pictures = fs.readdirSync(PICTURES).filter((name) => name.endsWith('.jpg'));
  const captioner = await pipeline('image-to-text', path.join('models', 'blip-scenes'));
  const samples: Sample[] = [];
  const start = performance.now();
  const step = Math.floor(CAPTIONS / SAMPLES);
  for (let done = 0; done < step * SAMPLES; ) {
    await captioner(path.join(PICTURES, pictures[done % pictures.length]));
    done++;
    if (done % step !== 0) continue;
    globalThis.gc?.();
    const rss = process.memoryUsage.rss();
    samples.push({ captions: done, rss });
    console.log(
      `${done} captions: ${(rss / 2 ** 20).toFixed(1)} MiB, ${((performance.now() - start) / done).toFixed(1)} ms each`,
    );
  }
  await captioner.dispose();
  const half = samples.slice(samples.length / 2);
  console.log(`slope over the second half: ${(slope(half)).toFixed(1)} bytes per caption`);
}

main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
