// The compiled encoders of one folder: the vision model, and the text encoder with cross-attention to its output.
import * as fs from 'node:fs';
import * as path from 'node:path';
import { checkArguments } from '../core/check-arguments';
import { checkOptions } from '../core/check-options';
import { readJSON } from '../core/read-json';
import { parseBlipConfig, type BlipConfig } from '../checkpoint';
import { loadOpenVINO, type CompiledModel, type Config, type Core, type OpenVINO, type Tensor } from '../openvino';
import { checkTextEncoder, checkTextFeatures, checkVisionModel } from './check-graphs';
import { BlipModelError, checkImageEmbeds, checkPixelValues, checkTokens, type Tokens } from './check-inputs';
import { LATENCY_HINT } from './decoder-properties';
import type { GraphPart } from './compiled/compile-part';
import { packingWeights } from './compiled/release-weights';
import { sharePart } from './compiled/share-part';
import { deviceSetting, executionDevices } from './device-setting';
import type { FolderUse } from './folder-use';
import { LaterModel } from './later-model';
import { LOAD_MODEL_OPTIONS, type LoadModelOptions } from './load-model-options';
import { missingDevice } from './missing-device';
import {
  assertOneImageInput,
  batchSize,
  type EncodedTexts,
  type Features,
  type ImageEmbeds,
  type ImageInput,
  type PixelInput,
  type Texts,
} from './model-inputs';
import { choosePrecision } from './precision/choose-precision';
import { repeatTokens } from './repeat-rows';
import { RequestPool } from './request-pool';
import { runEncoder, type AllocateFloats, type EncoderOutput, type ReadOutputs } from './run-encoder';
import { streamProperties } from './stream-properties';
import { VisionModel } from './vision-model';

const READ_CONFIG = {
  error: BlipModelError,
  advice: 'Convert the checkpoint again: call convertBlip.',
} as const;

/** Everything that is loaded from a folder. */
interface EncoderParts {
  readonly folder: string;
  readonly device: string;
  readonly config: BlipConfig;
  readonly openvino: OpenVINO;
  readonly core: Core;
  /** What the encoders were compiled with. */
  readonly properties: Config;
  readonly vision: VisionModel;
  /** Absent for a captioning checkpoint. */
  readonly text: LaterModel | undefined;
  /** The text encoder without an image; absent where no contrastive features were converted. */
  readonly textFeatures: LaterModel | undefined;
}

export class Encoders implements EncoderParts {
  readonly folder: string;
  readonly device: string;
  readonly config: BlipConfig;
  readonly openvino: OpenVINO;
  readonly core: Core;
  readonly properties: Config;
  readonly text: LaterModel | undefined;
  readonly textFeatures: LaterModel | undefined;
  readonly #requests = new RequestPool();
  #vision: VisionModel;
  #disposed = false;

  private constructor(parts: EncoderParts) {
    this.folder = parts.folder;
    this.device = parts.device;
    this.config = parts.config;
    this.openvino = parts.openvino;
    this.core = parts.core;
    this.properties = parts.properties;
    this.#vision = parts.vision;
    this.text = parts.text;
    this.textFeatures = parts.textFeatures;
  }

  /**
   * @param caller for messages about options
   * @throws {BlipModelError} when a file or the device is missing
   * @throws {OpenVINOError} when a model cannot be compiled
   */
  static async load(
    caller: string,
    folder: string,
    options: LoadModelOptions,
    { findProblem, captionsOnly = false, onCompiling, onVision }: FolderUse,
  ): Promise<Encoders> {
    checkOptions(caller, options, LOAD_MODEL_OPTIONS);
    const { device = 'CPU', properties = {}, openvino = loadOpenVINO() } = options;
    const file = (name: string): string => path.join(folder, name);
    const has = (name: string): boolean => fs.existsSync(file(name));
    const problem = findProblem(has);
    if (problem !== undefined) throw new BlipModelError(problem);
    const config = parseBlipConfig(readJSON(file('config.json'), READ_CONFIG), file('config.json'));
    const core = new openvino.Core();
    checkDevice(device, core.getAvailableDevices());
    const precision = await choosePrecision({ openvino, core, device, properties, config });
    const settings = { ...LATENCY_HINT, ...precision, ...properties };
    const graph = (name: string): GraphPart => ({ openvino, core, xml: file(name), device, properties: settings });
    const later = async (
      name: string,
      check: (xml: string, model: CompiledModel) => void,
    ): Promise<LaterModel | undefined> =>
      has(name) ? LaterModel.of(file(name), () => compileChecked(graph(name), check)) : undefined;
    const vision = await VisionModel.load({ ...graph('blip_vision_model.xml'), onCompiling });
    let encoders: Encoders | undefined;
    try {
      checkVisionModel(file('blip_vision_model.xml'), vision.single, config);
      const text = await later('blip_text_encoder.xml', (xml, model) => checkTextEncoder(xml, model, config));
      const textFeatures = await later('blip_text_features.xml', (xml, model) =>
        checkTextFeatures(xml, model, config, vision.featureSize),
      );
      const parts = { folder, device, config, openvino, core, properties: settings, vision, text, textFeatures };
      const loaded = (encoders = new Encoders(parts));
      await onVision?.(loaded);
      if (!captionsOnly) await text?.get();
      return loaded;
    } catch (error) {
      (encoders ?? vision).dispose();
      throw error;
    }
  }

  /** The precision that the vision model is computed in, such as `bf16`; `unknown` where the device does not tell. */
  get precision(): string {
    return deviceSetting(this.vision.single, 'INFERENCE_PRECISION_HINT', this) ?? 'unknown';
  }

  /** Processor threads that one inference uses; 0 where the device does not report it, such as a GPU. */
  get threads(): number {
    return Number.parseInt(deviceSetting(this.vision.single, 'INFERENCE_NUM_THREADS', this) ?? '0', 10);
  }

  /** The devices that the models run on: `['CPU']` where AUTO chose the processor. */
  get executionDevices(): readonly string[] {
    const devices = executionDevices(this.vision.single);
    return devices.length > 0 ? devices : [this.device];
  }

  get vision(): VisionModel {
    return this.#vision;
  }

  /** Runs of the vision model at the same time that the device does best, as the model is compiled. */
  get streams(): number {
    return Number.parseInt(deviceSetting(this.vision.single, 'OPTIMAL_NUMBER_OF_INFER_REQUESTS', this) ?? '1', 10) || 1;
  }

  /**
   * Compiles the vision model anew for so many runs at the same time, and frees the one before; runs that are in
   * progress end on that one.
   * @throws {OpenVINOError} when it cannot be compiled; then the one before stays
   * @throws {ModelFolderError} when its files were written anew since it was loaded
   */
  async setStreams(streams: number): Promise<void> {
    checkArguments('setStreams', { streams: [streams, 'number'] });
    this.assertUsable();
    const vision = await this.vision.withProperties({ ...this.properties, ...streamProperties(streams) });
    const before = this.#vision;
    this.#vision = vision;
    this.#requests.clear();
    before.dispose();
    if (this.#disposed) vision.dispose();
    this.assertUsable();
  }

  /**
   * @param allocate of the hidden states
   * @throws {BlipModelError} when the shape is not the model's, or the models were disposed
   */
  async encodeImage(pixel_values: PixelInput, allocate?: AllocateFloats): Promise<ImageEmbeds> {
    const hasFeatures = this.vision.featureSize !== undefined;
    const outputs = ['last_hidden_state', ...(hasFeatures ? ['image_embeds'] : [])];
    const [{ data, dims }, features] = await this.#runVision(pixel_values, { outputs, allocate });
    const [rows, tokens, size] = dims;
    return { data, dims: [rows, tokens, size], ...(features && { features: asFeatures(features) }) };
  }

  /** The contrastive features alone. @throws {BlipModelError} as encodeImage, and when the model has none */
  async encodeImageFeatures(pixel_values: PixelInput): Promise<Features> {
    checkPixelValues(pixel_values, this.config, this.folder);
    if (this.vision.featureSize === undefined) throw this.noFeatures();
    const [features] = await this.#runVision(pixel_values, { outputs: ['image_embeds'] });
    return asFeatures(features);
  }

  async #runVision(pixel_values: PixelInput, read: Omit<ReadOutputs, 'folder'>): Promise<EncoderOutput[]> {
    checkPixelValues(pixel_values, this.config, this.folder);
    this.assertUsable();
    const model = await this.vision.forRows(pixel_values.dims[0]);
    const { data, dims } = pixel_values;
    return this.#run(model, { pixel_values: new this.openvino.Tensor('f32', dims, data) }, read);
  }

  /** Whether the folder has contrastive features of images and texts. */
  get hasFeatures(): boolean {
    return this.textFeatures !== undefined && this.vision.featureSize !== undefined;
  }

  /** @param texts checked by checkTexts @throws {BlipModelError} when the folder has no contrastive features */
  async encodeTextFeatures(texts: Texts): Promise<Features> {
    if (!this.textFeatures || !this.hasFeatures) throw this.noFeatures();
    this.assertUsable();
    const [rows, length] = texts.dims ?? [1, texts.input_ids.length];
    const { Tensor } = this.openvino;
    const inputs = {
      input_ids: new Tensor('i64', [rows, length], texts.input_ids),
      attention_mask: new Tensor('i64', [rows, length], texts.attention_mask),
    };
    const [output] = await this.#run(await this.textFeatures.get(), inputs, { outputs: ['text_embeds'] });
    return asFeatures(output);
  }

  noFeatures(): BlipModelError {
    return new BlipModelError(
      `${this.folder} has no contrastive features (expected blip_text_features.xml, and the output image_embeds of ` +
        'blip_vision_model.xml). Either an earlier version converted it: convert the checkpoint again. Or its ' +
        'checkpoint has no projections (vision_proj, text_proj): use one such as Salesforce/blip-itm-base-coco.',
    );
  }

  /** The embeddings of the images: those that were given, or computed now. */
  async imageEmbeds(inputs: ImageInput): Promise<ImageEmbeds> {
    checkArguments('the model', { inputs: [inputs, 'object'] });
    assertOneImageInput(inputs);
    if (inputs.image_embeds === undefined) return this.encodeImage(inputs.pixel_values);
    checkImageEmbeds(inputs.image_embeds, this.config, this.folder);
    return inputs.image_embeds;
  }

  /** Checks texts against the model, before anything runs. @returns rows and tokens per row */
  checkTexts(texts: Tokens): readonly [rows: number, length: number] {
    checkArguments('the model', { texts: [texts, 'object'] });
    return checkTokens(texts, this.config, this.folder);
  }

  /**
   * Runs the text encoder: one text per image, several texts about one image, or one text about several images.
   *
   * @param texts checked by checkTexts
   * @param output `last_hidden_state`, or `itm_score` of a retrieval model
   * @param kind what the texts are, for messages
   */
  async encodeTexts(image: ImageEmbeds, texts: Texts, output: string, kind: string): Promise<EncodedTexts> {
    const [encoded] = await this.textOutputs(image, texts, [output], kind);
    return encoded;
  }

  /** encodeTexts with several outputs of one run. */
  async textOutputs(
    image: ImageEmbeds,
    texts: Texts,
    outputs: readonly string[],
    kind: string,
  ): Promise<EncodedTexts[]> {
    if (!this.text)
      throw new BlipModelError(
        `${this.folder} has no text encoder, expected blip_text_encoder.xml. Convert a VQA or retrieval checkpoint.`,
      );
    this.assertUsable();
    const [count, length] = texts.dims ?? [1, texts.input_ids.length];
    const [images, tokens] = image.dims;
    const rows = batchSize(images, count, kind);
    const input_ids = repeatTokens(texts.input_ids, rows / count); // [rows, length] i64
    const attention_mask = repeatTokens(texts.attention_mask, rows / count); // [rows, length] i64
    const { Tensor } = this.openvino;
    const inputs = {
      input_ids: new Tensor('i64', [rows, length], input_ids),
      attention_mask: new Tensor('i64', [rows, length], attention_mask),
      encoder_hidden_states: new Tensor('f32', image.dims, image.data), // one image may serve all rows
      encoder_attention_mask: new Tensor('i64', [images, tokens], new BigInt64Array(images * tokens).fill(1n)),
    };
    const read = await this.#run(await this.text.get(), inputs, { outputs });
    return read.map((output) => ({ ...output, attention_mask }));
  }

  assertUsable(): void {
    if (this.#disposed) throw new BlipModelError(`The model of ${this.folder} was disposed. Load it again.`);
  }

  /** Frees the compiled models. Runs that are in progress end with an error or their result; later runs throw. */
  dispose(): void {
    this.#disposed = true;
    this.#requests.clear();
    this.vision.dispose();
    this.text?.dispose();
    this.textFeatures?.dispose();
  }

  /** Runs on a request that no other call uses, so that calls may overlap. Requests are kept for later calls. */
  async #run(
    model: CompiledModel,
    inputs: Readonly<Record<string, Tensor>>,
    read: Omit<ReadOutputs, 'folder'>,
  ): Promise<EncoderOutput[]> {
    this.assertUsable();
    return this.#requests.with(model, (request) =>
      packingWeights(model, () => runEncoder(request, inputs, { ...read, folder: this.folder })),
    );
  }
}

async function compileChecked(
  graph: GraphPart,
  check: (xml: string, model: CompiledModel) => void,
): Promise<CompiledModel> {
  const model = await sharePart(graph);
  try {
    check(graph.xml, model);
    return model;
  } catch (error) {
    model.dispose();
    throw error;
  }
}

function asFeatures({ data, dims: [rows, size] }: EncoderOutput): Features {
  return { data, dims: [rows, size] };
}

/** @throws {BlipModelError} when the machine does not have a device */
function checkDevice(device: string, available: readonly string[]): void {
  const absent = missingDevice(device, available);
  if (absent !== undefined)
    throw new BlipModelError(
      `device "${device}": OpenVINO finds no ${absent || 'device of this name'} on this machine. Expected one of ` +
        `${available.join(', ')}, or AUTO. Check that its driver is installed.`,
    );
}
