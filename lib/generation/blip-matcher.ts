// BLIP for image-text matching with OpenVINO: how well a text describes a picture.
import * as path from 'node:path';
import { convertOnce } from '../model-folder/convert-once';
import { BlipModelError } from './check-inputs';
import {
  Encoders,
  type ImageEmbeds,
  type ImageInput,
  type LoadModelOptions,
  type PixelValues,
  type Texts,
} from './encoders';
import { splitOptions, type PretrainedOptions } from './pretrained-options';

/**
 * The counterpart of Hugging Face's BlipForImageTextRetrieval, with its matching head (`use_itm_head=True`): the text encoder reads the
 * text while looking at the picture, and the head says whether they belong together.
 *
 * @example
 * const matcher = await OVBlipMatcher.fromPretrained('Salesforce/blip-itm-base-coco');
 * const image_embeds = await matcher.encodeImage({ pixel_values });
 * await matcher.match({ image_embeds, ...processor.text(['a dog on a beach', 'a red car']) }) // one number from 0 to 1 per text
 */
export class OVBlipMatcher {
  private constructor(private readonly encoders: Encoders) {}

  /**
   * Loads a retrieval checkpoint from the hub or from a folder: converts it into the cache at the first call, see {@link convertOnce}.
   *
   * @param idOrFolder a hub id, a checkpoint folder, or a folder of converted models
   * @throws {BlipModelError} when the checkpoint was not made for retrieval @throws whatever convertOnce and load throw
   */
  static async fromPretrained(idOrFolder: string, options: PretrainedOptions = {}): Promise<OVBlipMatcher> {
    const { source, load } = splitOptions('OVBlipMatcher.fromPretrained', options);
    const folder = await convertOnce(idOrFolder, source, ({ id, task }) => {
      if (task !== 'image-text-retrieval') throw new BlipModelError(noRetrieval(id));
    });
    return OVBlipMatcher.load(folder, load);
  }

  /**
   * Compiles the models that `convertBlip` or `quantizeBlip` wrote of a retrieval checkpoint, such as Salesforce/blip-itm-base-coco.
   * @throws {BlipModelError} when a file or the device is missing @throws {OpenVINOError} when a model cannot be compiled
   */
  static async load(folder: string, options: LoadModelOptions = {}): Promise<OVBlipMatcher> {
    const encoders = await Encoders.load('OVBlipMatcher.load', folder, options, (has) => {
      if (has('blip_text_decoder.xml')) return noRetrieval(folder);
      const missing = ['config.json', 'blip_vision_model.xml', 'blip_text_encoder.xml'].find((name) => !has(name));
      return (
        missing &&
        `${path.join(folder, missing)} is missing. Expected a folder that convertBlip wrote of a retrieval checkpoint, such as Salesforce/blip-itm-base-coco.`
      );
    });
    return new OVBlipMatcher(encoders);
  }

  /** Runs the vision model once; the result serves any number of texts. @throws {BlipModelError} when the shape is not the model's */
  encodeImage({ pixel_values }: { readonly pixel_values: PixelValues }): Promise<ImageEmbeds> {
    return this.encoders.encodeImage(pixel_values);
  }

  /**
   * The probability, from 0 to 1, that each text belongs to its picture.
   *
   * @param inputs pictures or their embeddings, and texts; one picture may serve all texts, and one text all pictures
   * @throws {BlipModelError} before anything runs, when an input does not fit the model
   */
  async match(inputs: ImageInput & Texts): Promise<number[]> {
    this.encoders.checkTexts(inputs);
    const {
      data,
      dims: [rows],
    } = await this.encoders.readTexts(await this.encoders.embeds(inputs), inputs, 'itm_score', 'texts'); // [rows, 2]: no, yes
    return Array.from({ length: rows }, (_, row) => 1 / (1 + Math.exp(data[2 * row] - data[2 * row + 1]))); // softmax of two
  }

  /** Frees the compiled models. */
  dispose(): void {
    this.encoders.dispose();
  }
}

function noRetrieval(idOrFolder: string): string {
  return (
    `${idOrFolder} is no retrieval model: it has a text decoder. ` +
    'Load it with OVBlipModel, or load a retrieval checkpoint, such as Salesforce/blip-itm-base-coco.'
  );
}
