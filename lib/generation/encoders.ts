// The compiled encoders of one folder: pictures become embeddings, and texts are read while looking at them.
import * as fs from 'node:fs';
import * as path from 'node:path';
import { checkOptions } from '../core/check-options';
import { readJSON } from '../core/read-json';
import { parseBlipConfig, type BlipConfig } from '../checkpoint';
import {
  loadOpenVINO,
  type CompiledModel,
  type Config,
  type Core,
  type InferRequest,
  type OpenVINO,
  type Tensor,
} from '../openvino';
import { BlipModelError, checkImageEmbeds, checkPixelValues, checkTokens, type Tokens } from './check-inputs';
import { LATENCY_HINT } from './decoder-properties';
import { missingDevice } from './missing-device';
import { repeatTokens } from './repeat-rows';
import { runEncoder } from './run-encoder';
import { VisionModel } from './vision-model';

const READ_CONFIG = {
  error: BlipModelError,
  advice: 'Convert the checkpoint again: run notebook 233-blip-convert.',
} as const;

export interface LoadModelOptions {
  /** CPU by default; any name of `core.getAvailableDevices()`, or one that stands for several: AUTO, `AUTO:GPU,CPU`, `HETERO:GPU,CPU`. */
  readonly device?: string;
  /** Further OpenVINO properties, such as `{ INFERENCE_PRECISION_HINT: 'f32' }`. */
  readonly properties?: Config;
  readonly openvino?: OpenVINO;
}

/** Names of {@link LoadModelOptions}. */
export const LOAD_MODEL_OPTIONS = [
  'device',
  'properties',
  'openvino',
] as const satisfies readonly (keyof LoadModelOptions)[];

/** Pictures: [batch, 3, image_size, image_size] f32, normalized. */
export interface PixelValues {
  readonly data: Float32Array;
  readonly dims: readonly [number, number, number, number];
}
/** Encoded pictures or questions: [batch, tokens, hidden] f32. */
export interface HiddenState {
  readonly data: Float32Array;
  readonly dims: readonly [number, number, number];
}
/** Encoded pictures: [batch, tokens, hidden] f32. Use them for as many questions as you like. */
export type ImageEmbeds = HiddenState;
/** Either raw pictures or encoded ones. */
export type ImageInput = { readonly pixel_values: PixelValues } | { readonly image_embeds: ImageEmbeds };
/** Texts, [rows, length] i64. */
export type Texts = Tokens & { readonly attention_mask: BigInt64Array };

/** What one text encoder run gives: numbers per row, and the mask of the rows' tokens, [rows, length] i64. */
export interface ReadTexts {
  readonly data: Float32Array;
  readonly dims: readonly number[];
  readonly attention_mask: BigInt64Array;
}

export class Encoders {
  readonly #pools = new Map<CompiledModel, InferRequest[]>();
  #disposed = false;

  private constructor(
    readonly folder: string,
    readonly device: string,
    readonly config: BlipConfig,
    readonly openvino: OpenVINO,
    readonly core: Core,
    readonly vision: VisionModel,
    readonly text: CompiledModel | undefined,
  ) {}

  /**
   * @param caller for messages about options @param missing why the folder does not do, if it does not
   * @throws {BlipModelError} when a file or the device is missing @throws {OpenVINOError} when a model cannot be compiled
   */
  static async load(
    caller: string,
    folder: string,
    options: LoadModelOptions,
    missing: (has: (name: string) => boolean) => string | undefined,
  ): Promise<Encoders> {
    checkOptions(caller, options, LOAD_MODEL_OPTIONS);
    const { device = 'CPU', properties = {}, openvino = loadOpenVINO() } = options;
    const file = (name: string): string => path.join(folder, name);
    const has = (name: string): boolean => fs.existsSync(file(name));
    const reason = missing(has);
    if (reason !== undefined) throw new BlipModelError(reason);
    const config = parseBlipConfig(readJSON(file('config.json'), READ_CONFIG), file('config.json'));
    const core = new openvino.Core();
    const available = core.getAvailableDevices();
    const absent = missingDevice(device, available);
    if (absent !== undefined)
      throw new BlipModelError(
        `device "${device}": OpenVINO finds no ${absent || 'name'} here. Expected one of ${available.join(', ')}, or AUTO. Is its driver installed?`,
      );
    const settings = { ...LATENCY_HINT, ...properties };
    const vision = await VisionModel.load(core, file('blip_vision_model.xml'), device, settings);
    try {
      const text = has('blip_text_encoder.xml')
        ? await core.compileModel(file('blip_text_encoder.xml'), device, settings)
        : undefined;
      return new Encoders(folder, device, config, openvino, core, vision, text);
    } catch (error) {
      vision.dispose();
      throw error;
    }
  }

  /** @throws {BlipModelError} when the shape is not the model's, or the models were disposed */
  async encodeImage(pixel_values: PixelValues): Promise<ImageEmbeds> {
    checkPixelValues(pixel_values, this.config, this.folder);
    this.assertUsable();
    const { data, dims } = await this.#run(
      await this.vision.forRows(pixel_values.dims[0]),
      { pixel_values: new this.openvino.Tensor('f32', pixel_values.dims, pixel_values.data) },
      'last_hidden_state',
    );
    const [rows, tokens, size] = dims;
    return { data, dims: [rows, tokens, size] };
  }

  /** The pictures' embeddings: those that were given, or made now. */
  async embeds(inputs: ImageInput): Promise<ImageEmbeds> {
    if (!('image_embeds' in inputs)) return this.encodeImage(inputs.pixel_values);
    checkImageEmbeds(inputs.image_embeds, this.config, this.folder);
    return inputs.image_embeds;
  }

  /** Texts against the model, before anything runs. @returns rows and tokens per row */
  checkTexts(texts: Tokens): readonly [rows: number, length: number] {
    return checkTokens(texts, this.config, this.folder);
  }

  /**
   * One text per picture, several about one picture, or one about several.
   * @param texts those that checkTexts let pass @param output `last_hidden_state`, or `itm_score` of a retrieval model @param kind what the texts are, for messages
   */
  async readTexts(image: ImageEmbeds, texts: Texts, output: string, kind: string): Promise<ReadTexts> {
    if (!this.text) throw new BlipModelError(`${this.folder} has no text encoder.`);
    const [count, length] = texts.dims ?? [1, texts.input_ids.length];
    const { Tensor } = this.openvino;
    const rows = rowsOf(image.dims[0], count, kind);
    const [pictures, tokens] = image.dims;
    const input_ids = repeatTokens(texts.input_ids, rows / count); // [rows, length] i64
    const attention_mask = repeatTokens(texts.attention_mask, rows / count); // [rows, length] i64
    const read = await this.#run(
      this.text,
      {
        input_ids: new Tensor('i64', [rows, length], input_ids),
        attention_mask: new Tensor('i64', [rows, length], attention_mask),
        encoder_hidden_states: new Tensor('f32', image.dims, image.data), // one picture may serve all rows
        encoder_attention_mask: new Tensor('i64', [pictures, tokens], new BigInt64Array(pictures * tokens).fill(1n)),
      },
      output,
    );
    return { ...read, attention_mask };
  }

  assertUsable(): void {
    if (this.#disposed) throw new BlipModelError(`The model of ${this.folder} was disposed. Load it again.`);
  }

  /** Frees the compiled models. Runs that are under way end with an error or their result; later ones throw. */
  dispose(): void {
    this.#disposed = true;
    for (const pool of this.#pools.values()) for (const request of pool) request.dispose();
    this.#pools.clear();
    this.vision.dispose();
    this.text?.dispose();
  }

  /** Runs on a request of its own, so that calls may overlap; requests are kept for the next call. */
  async #run(
    model: CompiledModel,
    inputs: Readonly<Record<string, Tensor>>,
    output: string,
  ): Promise<{ readonly data: Float32Array; readonly dims: readonly number[] }> {
    this.assertUsable();
    const pool = this.#pools.get(model) ?? [];
    this.#pools.set(model, pool);
    const request = pool.pop() ?? model.createInferRequest();
    try {
      return await runEncoder(request, inputs, output, this.folder);
    } finally {
      if (this.#disposed) request.dispose();
      else pool.push(request);
    }
  }
}

/** How many rows a batch has: one picture serves all texts, one text all pictures, or there are as many of both. */
export function rowsOf(pictures: number, texts: number, kind: string): number {
  if (pictures !== texts && pictures !== 1 && texts !== 1)
    throw new BlipModelError(
      `${pictures} pictures and ${texts} ${kind}: give one picture, one of the ${kind}, or as many pictures as ${kind}.`,
    );
  return Math.max(pictures, texts);
}
