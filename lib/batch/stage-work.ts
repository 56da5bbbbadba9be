// What the stages of a batch do: an image is read and decoded, the vision model encodes it, the decoder writes its
// texts, or its features are the result.
import { OVBlipMatcher, type GenerationOptions, type OVBlipModel, type Texts } from '../generation';
import { captionRows } from '../generation/generate-rows';
import { ImageError, type BlipProcessor } from '../preprocessing';
import type { ImageEncoder } from './encode-images';
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
      const pixel_values = await processor.image(Buffer.from(buffer, byteOffset, length));
      const [, , height, width] = pixel_values.dims;
      if (height !== image_size || width !== image_size)
        throw new ImageError(`is ${width} x ${height} pixels; the model takes ${image_size} x ${image_size}.`);
      return { loaded: { ...loaded, bytes: NO_BYTES }, pixel_values };
    },
    encoder: encoderOf(model),
    finish:
      model instanceof OVBlipMatcher
        ? async (images) => images.forEach(({ loaded, data }) => handlers.onFeatures(loaded, data))
        : writer(settings, model, handlers),
  };
}

/** What is decoded needs not stay in memory. */
const NO_BYTES = new Uint8Array(0);

function encoderOf(model: OVBlipModel | OVBlipMatcher): ImageEncoder {
  return {
    get streams() {
      return model.streams;
    },
    get threads() {
      return model.threads;
    },
    setStreams: (streams) => model.setStreams(streams),
    encode: (pixel_values) =>
      model instanceof OVBlipMatcher ? model.getImageFeatures({ pixel_values }) : model.encodeImage({ pixel_values }),
  };
}

function writer(
  { processor, questions, prompt, generation }: WorkSettings,
  model: OVBlipModel,
  { onTexts }: WorkHandlers,
): StageWork['finish'] {
  const begin: Texts | undefined = prompt ? processor.text(prompt) : undefined;
  return async (batch) => {
    if (questions) return writeAnswers(batch, questions, { processor, generation, model, onTexts });
    const inputs = { image_embeds: joinImages(batch), ...(begin && { text: begin }) };
    await captionRows(model, inputs, generation, ({ row, ids, score }) =>
      onTexts(batch[row].loaded, [{ text: processor.decode(ids), score }]),
    );
  };
}
