// A converted bundled model with its processor and the bundled images, for tests of OVBlipModel. Computed in f32, so
// that equal work gives equal ids whatever the batch.
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { loadCheckpoint } from '../../lib/checkpoint';
import { convertBlip } from '../../lib/convert';
import { readPictures } from '../../lib/datasets';
import { OVBlipModel, type PixelInput } from '../../lib/generation';
import { BlipProcessor } from '../../lib/preprocessing';
import { countInferences } from '../pipelines/count-inferences';
import { projectRoot } from '../project-root';

export const F32 = { INFERENCE_PRECISION_HINT: 'f32', KV_CACHE_PRECISION: 'f32' };

export interface BundledModel {
  readonly folder: string;
  readonly model: OVBlipModel;
  readonly processor: BlipProcessor;
  readonly images: readonly { readonly pixel_values: PixelInput; readonly questions: readonly string[] }[];
  /** How often the model of this name ran. */
  readonly inferences: (name: string) => number;
  /** Removes the folder. */
  readonly dispose: () => void;
}

export async function loadBundledModel(): Promise<BundledModel> {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'blip-model-'));
  const checkpoint = await loadCheckpoint(path.join(projectRoot(), 'models', 'blip-scenes'));
  await convertBlip(checkpoint, folder);
  checkpoint.close();
  const { openvino, inferences } = countInferences();
  const model = await OVBlipModel.load(folder, { properties: F32, openvino });
  const processor = await BlipProcessor.fromCheckpoint(folder);
  const images = await Promise.all(
    readPictures(path.join(projectRoot(), 'data', 'pictures')).map(async ({ file, questions }) => ({
      pixel_values: await processor.image(file),
      questions: questions.map(({ question }) => question),
    })),
  );
  const dispose = (): void => {
    model.dispose();
    fs.rmSync(folder, { recursive: true, force: true });
  };
  return { folder, model, processor, images, inferences, dispose };
}

/** Several images as one batch. */
export function stack(batch: readonly PixelInput[]): PixelInput {
  const [, , height, width] = batch[0].dims;
  return {
    data: Float32Array.from(batch.flatMap(({ data }) => Array.from(data))),
    dims: [batch.length, 3, height, width],
  };
}
