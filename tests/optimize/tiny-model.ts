// A converted model so small that NNCF takes a second for it, with a tokenizer, and samples to calibrate it with.
import * as fs from 'node:fs';
import * as path from 'node:path';
import sharp from 'sharp';
import { loadCheckpoint } from '../../lib/checkpoint';
import { convertBlip } from '../../lib/convert';
import type { VqaSample } from '../../lib/datasets';
import { projectRoot } from '../project-root';
import { writeVocabulary } from '../write-vocabulary';

/** Of the checkpoint. */
export const IMAGE_SIZE = 24;
export const QUESTION = 'how many dogs are red?';
const WORDS = [...QUESTION.slice(0, -1).split(' '), '?'];

/** Converts the random checkpoint `vqa-f16` into `folder`. */
export async function makeTinyModel(folder: string): Promise<string> {
  const checkpoint = await loadCheckpoint(path.join(projectRoot(), 'tests/fixtures/checkpoints/vqa-f16'));
  await convertBlip(checkpoint, folder);
  checkpoint.close();
  writeVocabulary(folder, WORDS);
  // The token that answers begin with is a special one, as in every published checkpoint.
  const bos_token = `[unused${checkpoint.config.text_config.bos_token_id}]`;
  fs.writeFileSync(path.join(folder, 'tokenizer_config.json'), JSON.stringify({ bos_token }));
  writePreprocessor(folder, {});
  return folder;
}

export function writePreprocessor(folder: string, changes: Readonly<Record<string, unknown>>): void {
  const config = {
    do_resize: true,
    size: { height: IMAGE_SIZE, width: IMAGE_SIZE },
    do_rescale: true,
    do_normalize: true,
    image_mean: [0.5, 0.5, 0.5],
    image_std: [0.3, 0.3, 0.3],
  };
  fs.writeFileSync(path.join(folder, 'preprocessor_config.json'), JSON.stringify({ ...config, ...changes }));
}

/** Each with a picture of its own: stripes of two colors. */
export async function makeSamples(count: number, size: number = IMAGE_SIZE): Promise<VqaSample[]> {
  return Promise.all(
    Array.from({ length: count }, async (_, i): Promise<VqaSample> => {
      const pixels = Uint8Array.from({ length: size * size * 3 }, (_unused, at) => (at * (7 + i) + 31 * i) % 251);
      const image = await sharp(pixels, { raw: { width: size, height: size, channels: 3 } })
        .png()
        .toBuffer();
      return { image_id: `${size}-${i}`, image, question_id: `${i}`, question: QUESTION, answers: ['2'] };
    }),
  );
}
