// What the stages of a batch do: an image is read and decoded, the vision model encodes it, the decoder writes its
// texts, or its features are the result.
import { OVBlipMatcher, type GenerationOptions, type OVBlipModel, type PixelInput, type Texts } from '../generation';
import { captionRows } from '../generation/generate-rows';
import { channelTables, ImageError, resizeImage, toPixelValues, type BlipProcessor } from '../preprocessing';
import { ArrayPool } from './array-pool';
import type { EncodedBatch, ImageEncoder } from './encode-images';
import { loadItem, type LoadedItem } from './load-item';
import type { StageWork } from './run-stages';
import { joinImages, writeAnswers, type GeneratedText } from './write-answers';

export interface WorkSettings {
  /** One that compares images and texts gives features instead of texts. */
  readonly model: OVBlipModel | OVBlipMatcher;
  readonly processor: BlipProcessor;
  /** About every image, beside those of the image itself; absent for captions. */
  readonly questions?: readonly string[];
  /** Words that captions begin with. */
  readonly prompt?: string;
  readonly generation: GenerationOptions;
}

export interface WorkHandlers {
  /** Whether the image, whose digest is known now, needs no text. */
  readonly skip: (loaded: LoadedItem) => boolean;
  readonly onTexts: (loaded: LoadedItem, texts: readonly GeneratedText[]) => void;
  readonly onFeatures: (loaded: LoadedItem, features: Float32Array) => void;
}

export function stageWork(settings: WorkSettings, handlers: WorkHandlers): StageWork {
  const { model, processor } = settings;
  const { image_size } = model.config.vision_config;
  return {
    prepare: async (item) => {
      const loaded = await loadItem(item);
      if (handlers.skip(loaded)) return undefined;
      const { buffer, byteOffset, length } = loaded.bytes;
      const image = await resizeImage(Buffer.from(buffer, byteOffset, length), processor.imageConfig);
      const { width, height } = image;
      if (height !== image_size || width !== image_size)
        throw new ImageError(`is ${width} x ${height} pixels; the model takes ${image_size} x ${image_size}.`);
      return { loaded: { ...loaded, bytes: NO_BYTES }, image };
    },
    encoder: encoderOf(settings),
    finish:
      model instanceof OVBlipMatcher
        ? async (images) => {
            for (const { loaded, data } of images) handlers.onFeatures(loaded, data);
          }
        : writer(settings, model, handlers),
  };
}

/** What is decoded needs not stay in memory. */
const NO_BYTES = new Uint8Array(0);

function encoderOf({ model, processor }: WorkSettings): ImageEncoder {
  const tables = channelTables(processor.imageConfig);
  const [inputs, outputs] = [new ArrayPool(), new ArrayPool()];
  const run = async (pixel_values: PixelInput): Promise<EncodedBatch> => {
    if (model instanceof OVBlipMatcher)
      return { ...(await model.getImageFeatures({ pixel_values })), release: () => undefined };
    const { data, dims } = await model.encodeImageInto(pixel_values, (length) => outputs.take(length));
    return { data, dims, release: () => outputs.give(data) };
  };
  return {
    get streams() {
      return model.streams;
    },
    get threads() {
      return model.threads;
    },
    setStreams: (streams) => model.setStreams(streams),
    encode: async (images) => {
      const [{ width, height }] = images;
      const size = 3 * width * height;
      const data = inputs.take(images.length * size);
      images.forEach((image, i) => toPixelValues(image, tables, data.subarray(i * size, (i + 1) * size)));
      const encoded = await run({ data, dims: [images.length, 3, height, width] });
      inputs.give(data); // not where the run failed: it may not have ended
      return encoded;
    },
  };
}

function writer(
  { processor, questions, prompt, generation }: WorkSettings,
  model: OVBlipModel,
  { onTexts }: WorkHandlers,
): StageWork['finish'] {
  const begin: Texts | undefined = prompt ? processor.text(prompt) : undefined;
  let states = new Float32Array(0);
  return async (batch) => {
    if (questions) {
      await writeAnswers(batch, questions, { processor, generation, model, onTexts });
      for (const { release } of batch) release();
      return;
    }
    const size = batch.length * batch[0].data.length;
    if (states.length < size) states = new Float32Array(size);
    const image_embeds = joinImages(batch, states.subarray(0, size));
    for (const { release } of batch) release();
    await captionRows(model, { image_embeds, ...(begin && { text: begin }) }, generation, ({ row, ids, score }) =>
      onTexts(batch[row].loaded, [{ text: processor.decode(ids), score }]),
    );
  };
}
