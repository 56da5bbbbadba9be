// A folder of 200 JPEG files, from disk to captions: all stages at work together, against one image after the other and
// against the vision model alone. Run: npx tsx benchmarks/measure-folder.ts [checkpoint] [images] [max_new_tokens]
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { BlipProcessor, captionFolder, OVBlipModel } from '../lib';
import { preprocessImages } from '../lib/preprocessing/image';

const PICTURES = path.join(__dirname, '..', 'data', 'pictures');
/** Sizes of the vision model's batch whose best is the measure. */
const BATCHES = [1, 2, 4, 8];
const ROUNDS = 2;

async function main(): Promise<void> {
  const [given = 'models/blip-scenes', count = '200', max_new_tokens] = process.argv.slice(2);
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'blip-folder-'));
  try {
    const names = fs.readdirSync(PICTURES).filter((name) => name.endsWith('.jpg'));
    for (let i = 0; i < Number(count); i++)
      fs.copyFileSync(path.join(PICTURES, names[i % names.length]), path.join(folder, `${i}.jpg`));
    const files = fs.readdirSync(folder).map((name) => path.join(folder, name));
    const generation = max_new_tokens === undefined ? {} : { max_new_tokens: Number(max_new_tokens) };
    const model = await OVBlipModel.fromPretrained(given);
    const processor = await BlipProcessor.fromCheckpoint(model.folder);
    console.log(`${os.cpus()[0].model}, ${model.threads} threads, ${model.precision}, Node ${process.version}`);
    const results: Record<string, number[]> = {};
    const note = (name: string, seconds: number): void => {
      (results[name] ??= []).push((seconds * 1000) / files.length);
      console.log(`${name}: ${((seconds * 1000) / files.length).toFixed(1)} ms an image`);
    };
    for (let round = 0; round < ROUNDS; round++) {
      for (const batch of BATCHES)
        note(`vision model, batch ${batch}`, await visionOnly(model, processor, { files, batch }));
      const start = performance.now();
      for (const file of files) await model.generateCaption({ pixel_values: await processor.image(file) }, generation);
      note('one by one', (performance.now() - start) / 1000);
      for (const streams of [1, 2]) {
        const output = path.join(folder, `out-${round}-${streams}.jsonl`);
        const { seconds, done, batch_size } = await captionFolder(folder, {
          model: given,
          output,
          generation,
          streams,
        });
        note(`folder, ${streams} streams`, seconds);
        if (done !== files.length) throw new Error(`${done} captions of ${files.length} images`);
        console.log(`  batch size ${batch_size}`);
      }
    }
    const best = (prefix: string): number =>
      Math.min(...Object.entries(results).flatMap(([name, times]) => (name.startsWith(prefix) ? [mean(times)] : [])));
    console.log(`folder against the vision model: ${(best('folder') / best('vision')).toFixed(2)}`);
    console.log(`one by one against folder: ${(best('one by one') / best('folder')).toFixed(2)}`);
    model.dispose();
  } finally {
    fs.rmSync(folder, { recursive: true, force: true });
  }
}

/** Seconds for as many images as there are files, of pixels that are in memory. */
async function visionOnly(
  model: OVBlipModel,
  processor: BlipProcessor,
  { files, batch }: { readonly files: readonly string[]; readonly batch: number },
): Promise<number> {
  const pixel_values = await preprocessImages(files.slice(0, batch), processor.imageConfig);
  await model.encodeImage({ pixel_values });
  const start = performance.now();
  const runs = Math.ceil(Math.min(files.length, 40) / batch);
  for (let run = 0; run < runs; run++) await model.encodeImage({ pixel_values });
  return ((performance.now() - start) / 1000) * (files.length / (runs * batch));
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

void main();
