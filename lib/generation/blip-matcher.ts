// BLIP for image-text matching with OpenVINO: how well a text describes an image.
import { checkArguments } from '../core/check-arguments';
import * as path from 'node:path';
import type { BlipConfig } from '../checkpoint';
import { convertOnce } from '../convert/convert-once';
import { loadUnchanged } from '../model-folder/load-unchanged';
import { BlipModelError } from './check-inputs';
import { Encoders, type LoadModelOptions } from './encoders';
import type { ImageEmbeds, ImageInput, PixelInput, Texts } from './model-inputs';
import { splitOptions, type PretrainedOptions } from './pretrained-options';

/**
 * The counterpart of Hugging Face's BlipForImageTextRetrieval with its matching head (`use_itm_head=True`): the text
 * encoder reads the text with cross-attention to the image, and the head tells whether they match.
 *
 * @example
 * const matcher = await OVBlipMatcher.fromPretrained('Salesforce/blip-itm-base-coco');
 * const image_embeds = await matcher.encodeImage({ pixel_values });
 * await matcher.match({ image_embeds, ...processor.text(['a dog on a beach', 'a red car']) }) // one number from 0 to 1 per text
 */
export class OVBlipMatcher {
  private constructor(private readonly encoders: Encoders) {}

  /**
   * Loads a retrieval checkpoint from the hub or from a folder: converts it into the cache at the first call, see
   * {@link convertOnce}.
   *
   * @param idOrFolder a hub id, a checkpoint folder, or a folder of converted models
   * @throws {BlipModelError} when the checkpoint was not made for retrieval
   * @throws whatever convertOnce and load throw
   */
  static async fromPretrained(idOrFolder: string, options: PretrainedOptions = {}): Promise<OVBlipMatcher> {
    const { source, load } = splitOptions('OVBlipMatcher.fromPretrained', options);
    const folder = await convertOnce(idOrFolder, source, ({ id, task }) => {
      if (task !== 'image-text-retrieval') throw new BlipModelError(notForRetrieval(id));
    });
    return OVBlipMatcher.load(folder, load);
  }

  /**
   * Compiles the models that `convertBlip` or `quantizeBlip` wrote from a retrieval checkpoint, such as
   * Salesforce/blip-itm-base-coco.
   * @throws {BlipModelError} when a file or the device is missing
   * @throws {ModelFolderError} when a file is not what the folder's manifest says, or graphs and config.json do not fit
   * @throws {OpenVINOError} when a model cannot be compiled
   */
  static async load(folder: string, options: LoadModelOptions = {}): Promise<OVBlipMatcher> {
    checkArguments('OVBlipMatcher.load', { folder: [folder, 'path'] });
    return loadUnchanged(
      folder,
      async () =>
        new OVBlipMatcher(
          await Encoders.load('OVBlipMatcher.load', folder, options, (has) => findProblem(folder, has)),
        ),
      (matcher) => matcher.dispose(),
    );
  }

  get folder(): string {
    return this.encoders.folder;
  }
  get device(): string {
    return this.encoders.device;
  }
  get config(): BlipConfig {
    return this.encoders.config;
  }

  /** The precision that the device computes in, such as `bf16`; `unknown` where the device does not report it. */
  get precision(): string {
    return this.encoders.precision;
  }

  /** Processor threads that one inference uses; 0 where the device does not report it, such as a GPU. */
  get threads(): number {
    return this.encoders.threads;
  }

  /** The devices that it runs on: `['CPU']` where AUTO chose the processor. */
  get executionDevices(): readonly string[] {
    return this.encoders.executionDevices;
  }

  /**
   * Runs the vision model once; the result serves any number of texts.
   * @throws {BlipModelError} when the shape does not fit the model
   */
  async encodeImage({ pixel_values }: { readonly pixel_values: PixelInput }): Promise<ImageEmbeds> {
    return this.encoders.encodeImage(pixel_values);
  }

  /**
   * The probability, from 0 to 1, that each text matches its image.
   *
   * @param inputs images or their embeddings, and texts; one image may serve all texts, and one text all images
   * @throws {BlipModelError} before anything runs, when an input does not fit the model
   */
  async match(inputs: ImageInput & Texts): Promise<number[]> {
    this.encoders.checkTexts(inputs);
    const image = await this.encoders.imageEmbeds(inputs);
    const { data, dims } = await this.encoders.encodeTexts(image, inputs, 'itm_score', 'texts'); // [rows, 2]: no, yes
    // Softmax of two
    return Array.from({ length: dims[0] }, (_, row) => 1 / (1 + Math.exp(data[2 * row] - data[2 * row + 1])));
  }

  /** Frees the compiled models. */
  dispose(): void {
    this.encoders.dispose();
  }
}

/** Why a folder's files do not suffice to match texts, or undefined if they do. */
function findProblem(folder: string, has: (name: string) => boolean): string | undefined {
  if (has('blip_text_decoder.xml')) return notForRetrieval(folder);
  const missing = ['config.json', 'blip_vision_model.xml', 'blip_text_encoder.xml'].find((name) => !has(name));
  return missing === undefined
    ? undefined
    : `${path.join(folder, missing)} is missing. Expected a folder that convertBlip wrote from a retrieval checkpoint, such as Salesforce/blip-itm-base-coco.`;
}

function notForRetrieval(idOrFolder: string): string {
  return (
    `${idOrFolder} is not a retrieval model: it has a text decoder. ` +
    'Load it with OVBlipModel, or load a retrieval checkpoint, such as Salesforce/blip-itm-base-coco.'
  );
}
