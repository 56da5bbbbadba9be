// BLIP for image-text matching with OpenVINO: how well a text describes an image.
import * as path from 'node:path';
import { checkArguments } from '../core/check-arguments';
import type { BlipConfig, BlipTask } from '../checkpoint';
import { convertOnce } from '../convert/convert-once';
import { loadUnchanged } from '../model-folder/load-unchanged';
import type { CompiledModel } from '../openvino';
import { BlipModelError } from './check-inputs';
import { Encoders } from './encoders';
import type { LoadUse } from './folder-use';
import type { LoadModelOptions } from './load-model-options';
import {
  batchSize,
  type Features,
  type ImageEmbeds,
  type ImageTextInputs,
  type PixelInput,
  type Texts,
} from './model-inputs';
import { splitOptions, type PretrainedOptions } from './pretrained-options';
import { attentionOutputs, checkOneImage, checkOneText, traceText, type TextAttentions } from './traced-text';

/** What {@link OVBlipMatcher.traceMatch} returns. */
export interface MatchTrace {
  /** The matching head's logits: "does not match", "matches". */
  readonly itm_score: Float32Array;
  /** The probability that the text matches, from 0 to 1. */
  readonly score: number;
  readonly attentions: TextAttentions;
}

/**
 * The counterpart of Hugging Face's BlipForImageTextRetrieval, and of BlipModel, which has no matching head. `match` is
 * `use_itm_head=True`: the text encoder reads the text with cross-attention to the image, and the head tells whether
 * they match. `cosineSimilarity` is `use_itm_head=False`: image and text are encoded apart, so that either can be kept.
 *
 * @example
 * const matcher = await OVBlipMatcher.fromPretrained('Salesforce/blip-itm-base-coco');
 * const image_embeds = await matcher.encodeImage({ pixel_values });
 * const texts = processor.text(['two dogs on a beach', 'a red car']);
 * await matcher.match({ image_embeds, ...texts }) // one number from 0 to 1 for each text
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
    const folder = await convertOnce(idOrFolder, source, checkRetrieval);
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
    return OVBlipMatcher.loadFor(folder, options, {});
  }

  /** `load` for what the caller is about to do. @internal for other rooms of this library */
  static async loadFor(folder: string, options: LoadModelOptions, use: LoadUse): Promise<OVBlipMatcher> {
    checkArguments('OVBlipMatcher.load', { folder: [folder, 'path'], use: [use, 'object'] });
    return loadUnchanged(
      folder,
      async () =>
        new OVBlipMatcher(
          await Encoders.load('OVBlipMatcher.load', folder, options, {
            ...use,
            findProblem: (has) => findProblem(folder, has),
            onVision: (loaded) => use.onVision?.((pixel_values) => loaded.encodeImage(pixel_values)),
          }),
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

  /** Images that the device encodes best at the same time. @internal for batches */
  get streams(): number {
    return this.encoders.streams;
  }

  /** See Encoders.setStreams. @internal for batches */
  setStreams(streams: number): Promise<void> {
    return this.encoders.setStreams(streams);
  }

  /** Whether it has the matching head: a BlipModel checkpoint has none. */
  get canMatch(): boolean {
    return this.encoders.text !== undefined;
  }

  /** Whether it has contrastive features; `getImageFeatures` and `getTextFeatures` throw where it has not. */
  get hasFeatures(): boolean {
    return this.encoders.hasFeatures;
  }

  /**
   * Runs the vision model once; the result serves any number of texts, and has the images' contrastive `features` where
   * the model has them.
   * @throws {BlipModelError} when the shape does not fit the model
   */
  async encodeImage(inputs: { readonly pixel_values: PixelInput }): Promise<ImageEmbeds> {
    checkArguments('OVBlipMatcher.encodeImage', { inputs: [inputs, 'object'] });
    return this.encoders.encodeImage(inputs.pixel_values);
  }

  /**
   * The probability, from 0 to 1, that each text matches its image.
   *
   * @param inputs images or their embeddings, and texts; one image may serve all texts, and one text all images
   * @throws {BlipModelError} before anything runs, when an input does not fit the model
   */
  async match(inputs: ImageTextInputs): Promise<number[]> {
    const { data, dims } = await this.itmScore(inputs);
    return Array.from({ length: dims[0] }, (_, row) => matchProbability(data, row));
  }

  /**
   * The matching head's logits, transformers' `itm_score`: [rows, 2] f32, "does not match" and "matches".
   *
   * @param inputs as for `match`
   * @throws {BlipModelError} when an input does not fit the model, or it has no matching head
   */
  async itmScore(inputs: ImageTextInputs): Promise<{ data: Float32Array; dims: readonly [rows: number, classes: 2] }> {
    await this.#matchingModel();
    this.encoders.checkTexts(inputs);
    const image = await this.encoders.imageEmbeds(inputs);
    const { data, dims } = await this.encoders.encodeTexts(image, inputs, 'itm_score', 'texts');
    return { data, dims: [dims[0], 2] };
  }

  /**
   * `itmScore` of one text and one image, with what each token of the text attended to in the image.
   *
   * @param inputs one image or its embeddings, and one text
   * @returns its logits, the probability that they match, and attention: [layers, heads, tokens of text, tokens of
   *   image]
   * @throws {BlipModelError} when an input does not fit the model, or its folder was converted without
   *   `output_attentions`
   */
  async traceMatch(inputs: ImageTextInputs): Promise<MatchTrace> {
    const text = await this.#matchingModel();
    checkOneText(this.encoders, inputs, 'texts');
    const names = attentionOutputs(text, this.folder);
    const image = await this.encoders.imageEmbeds(inputs);
    checkOneImage(image);
    const how = { output: 'itm_score', names, kind: 'texts' };
    const { encoded, attentions } = await traceText(this.encoders, { image, texts: inputs }, how);
    return { itm_score: encoded.data, score: matchProbability(encoded.data, 0), attentions };
  }

  /**
   * Contrastive features of images, as transformers computes them: the class token through the projection, then divided
   * by its length. (BlipModel.get_image_features returns them before that division.)
   *
   * @returns [images, size] f32; size is 256 for the published checkpoints
   * @throws {BlipModelError} when the shape does not fit the model, or it has no contrastive features
   */
  async getImageFeatures(inputs: { readonly pixel_values: PixelInput }): Promise<Features> {
    checkArguments('OVBlipMatcher.getImageFeatures', { inputs: [inputs, 'object'] });
    return this.encoders.encodeImageFeatures(inputs.pixel_values);
  }

  /**
   * Contrastive features of texts: the text encoder without an image, its first token through the projection, divided
   * by its length.
   *
   * @param texts what the processor's `text` returned; padding does not change a text's features
   * @returns [texts, size] f32
   * @throws {BlipModelError} when an input does not fit the model, or it has no contrastive features
   */
  async getTextFeatures(texts: Texts): Promise<Features> {
    this.encoders.checkTexts(texts);
    return this.encoders.encodeTextFeatures(texts);
  }

  /**
   * The cosine of the angle between the features of each text and its image, from -1 to 1: transformers'
   * `use_itm_head=False`. Good at telling which text fits an image best; unlike `match` it is no probability.
   *
   * @param inputs images, or what `encodeImage` returned for them, and texts; one image may serve all texts, and one
   *   text all images
   * @throws {BlipModelError} when an input does not fit the model, or it has no contrastive features
   */
  async cosineSimilarity(inputs: ImageTextInputs): Promise<number[]> {
    this.encoders.checkTexts(inputs);
    const images = this.#featuresOf(await this.encoders.imageEmbeds(inputs));
    const texts = await this.encoders.encodeTextFeatures(inputs);
    const rows = batchSize(images.dims[0], texts.dims[0], 'texts');
    return Array.from({ length: rows }, (_, row) => dot(rowOf(images, row), rowOf(texts, row)));
  }

  /** @throws {BlipModelError} when there is no matching head */
  async #matchingModel(): Promise<CompiledModel> {
    const text = this.encoders.text;
    if (!text)
      throw new BlipModelError(
        `${this.folder} has no matching head (blip_text_encoder.xml): its checkpoint is a BlipModel. Compare images ` +
          'and texts by cosineSimilarity, or in a pipeline with use_itm_head: false.',
      );
    this.encoders.assertUsable();
    return text.get();
  }

  #featuresOf({ features }: ImageEmbeds): Features {
    if (features) return features;
    if (!this.hasFeatures) throw this.encoders.noFeatures();
    throw new BlipModelError(
      `image_embeds has no features. Use what encodeImage of ${this.folder} returned, or give pixel_values.`,
    );
  }

  /** Frees the compiled models. */
  dispose(): void {
    this.encoders.dispose();
  }
}

/** Softmax of the two logits of a row. */
function matchProbability(logits: Float32Array, row: number): number {
  return 1 / (1 + Math.exp(logits[2 * row] - logits[2 * row + 1]));
}

/** One row for all, or the row's own. */
function rowOf({ data, dims: [rows, size] }: Features, row: number): Float32Array {
  const start = (rows === 1 ? 0 : row) * size;
  return data.subarray(start, start + size);
}

function dot(a: Float32Array, b: Float32Array): number {
  return a.reduce((sum, value, i) => sum + value * b[i], 0);
}

/**
 * For `convertOnce`: whether a checkpoint was made for matching or comparing.
 * @throws {BlipModelError} when it was made for another task
 */
export function checkRetrieval({ id, task }: { readonly id: string; readonly task: BlipTask }): void {
  if (task !== 'image-text-retrieval' && task !== 'feature-extraction') throw new BlipModelError(notForRetrieval(id));
}

/** Why a folder's files do not suffice to match texts, or undefined if they do. */
function findProblem(folder: string, has: (name: string) => boolean): string | undefined {
  if (has('blip_text_decoder.xml')) return notForRetrieval(folder);
  const text = has('blip_text_features.xml') ? [] : ['blip_text_encoder.xml'];
  const missing = ['config.json', 'blip_vision_model.xml', ...text].find((name) => !has(name));
  return missing === undefined
    ? undefined
    : `${path.join(folder, missing)} is missing. Expected a folder that convertBlip wrote from a retrieval ` +
        `checkpoint, such as Salesforce/blip-itm-base-coco.`;
}

function notForRetrieval(idOrFolder: string): string {
  return (
    `${idOrFolder} is not a retrieval model: it has a text decoder. ` +
    'Load it with OVBlipModel, or load a retrieval checkpoint, such as Salesforce/blip-itm-base-coco.'
  );
}
