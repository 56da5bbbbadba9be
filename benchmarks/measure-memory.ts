// measure-memory.ts [CAPTIONS]: whether memory grows, over many captions of the bundled model in one process, and whose
// memory it is. Prints each figure at every hundredth, and its slope by least squares over the second half.
// Run it with: node --expose-gc --import tsx benchmarks/measure-memory.ts 40000
//
// `rss` is the resident size, `heapUsed`, `external` and `arrayBuffers` are V8's, after a collection. On Linux with
// glibc: `malloc` is what native code holds of the C library's memory, and `trimmed` the resident size once the library
// gave back what nobody holds. What is leaked grows `heapUsed`, `external`, `arrayBuffers` or `malloc`; fragmentation
// grows `rss` alone.
import * as fs from 'node:fs';
import * as path from 'node:path';
import koffi from 'koffi';
import { pipeline } from '../lib';

const CAPTIONS = Number(process.argv[2] ?? 40_000);
const SAMPLES = 100;
const PICTURES = path.join('data', 'pictures');

type Figures = Readonly<Record<string, number>>;
interface Sample {
  readonly captions: number;
  readonly figures: Figures;
}

/** Figures of glibc; none where another C library is used. */
function openGlibc(): (() => Figures) | undefined {
  try {
    const libc = koffi.load('libc.so.6');
    const names = 'arena ordblks smblks hblks hblkhd usmblks fsmblks uordblks fordblks keepcost'.split(' ');
    koffi.struct('mallinfo2', Object.fromEntries(names.map((name) => [name, 'size_t'])));
    const mallinfo: (...values: unknown[]) => unknown = libc.func('mallinfo2 mallinfo2()');
    const trim: (...values: unknown[]) => unknown = libc.func('int malloc_trim(size_t)');
    return () => {
      const info = mallinfo();
      if (typeof info !== 'object' || info === null) throw new TypeError('mallinfo2 gave nothing');
      const field = (name: string): number => Number(Reflect.get(info, name));
      trim(0);
      return { malloc: field('uordblks') + field('hblkhd'), trimmed: process.memoryUsage.rss() };
    };
  } catch {
    return undefined;
  }
}

/** Bytes per caption, and the standard error of that. */
function slope(samples: readonly Sample[], name: string): { readonly slope: number; readonly error: number } {
  const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
  const x = mean(samples.map(({ captions }) => captions));
  const y = mean(samples.map(({ figures }) => figures[name]));
  const spread = samples.reduce((sum, { captions }) => sum + (captions - x) ** 2, 0);
  const slope = samples.reduce((sum, each) => sum + (each.captions - x) * (each.figures[name] - y), 0) / spread;
  const rest = samples.reduce((sum, each) => sum + (each.figures[name] - y - slope * (each.captions - x)) ** 2, 0);
  return { slope, error: Math.sqrt(rest / (samples.length - 2) / spread) };
}

async function main(): Promise<void> {
  if (!Number.isSafeInteger(CAPTIONS) || CAPTIONS < SAMPLES)
    throw new RangeError(`${process.argv[2]} captions; expected a whole number from ${SAMPLES}.`);
  if (!globalThis.gc) throw new Error('V8 collects only on request with: node --expose-gc');
  const pictures = fs.readdirSync(PICTURES).filter((name) => name.endsWith('.jpg'));
  const captioner = await pipeline('image-to-text', path.join('models', 'blip-scenes'));
  const glibc = openGlibc();
  const samples: Sample[] = [];
  const start = performance.now();
  const step = Math.floor(CAPTIONS / SAMPLES);
  for (let done = 0; done < step * SAMPLES; ) {
    await captioner(path.join(PICTURES, pictures[done % pictures.length]));
    done++;
    if (done % step !== 0) continue;
    // Twice, with a turn of the event loop between: what a finalizer frees is gone only then.
    globalThis.gc();
    await new Promise((resolve) => setImmediate(resolve));
    globalThis.gc();
    const { rss, heapUsed, external, arrayBuffers } = process.memoryUsage();
    const figures = { rss, heapUsed, external, arrayBuffers, ...glibc?.() };
    samples.push({ captions: done, figures });
    const shown = Object.entries(figures).map(([name, bytes]) => `${name} ${(bytes / 2 ** 20).toFixed(2)}`);
    console.log(
      `${done} captions, ${((performance.now() - start) / done).toFixed(1)} ms each; MiB: ${shown.join(', ')}`,
    );
  }
  await captioner.dispose();
  const half = samples.slice(samples.length / 2);
  for (const name of Object.keys(half[0].figures)) {
    const found = slope(half, name);
    console.log(
      `slope of ${name} over the second half: ${found.slope.toFixed(1)} bytes per caption (standard error ` +
        `${found.error.toFixed(1)})`,
    );
  }
}

main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
