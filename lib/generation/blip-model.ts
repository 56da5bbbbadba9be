// BLIP with OpenVINO: the compiled models of one folder, and the two tasks that they do together.
import * as fs from 'node:fs';
import * as path from 'node:path';
import { checkOptions } from '../check-options';
import { parseBlipConfig, type BlipConfig } from '../checkpoint';
import { loadOpenVINO, type CompiledModel, type Config, type InferRequest, type OpenVINO, type Tensor } from '../openvino';
import { beamSearch } from './beam-search';
import { BlipModelError, checkImageEmbeds, checkPixelValues, checkTokens, type Tokens } from './check-inputs';
import { decoderProperties, FIRST_HINT } from './decoder-properties';
import { DecoderSession, type EncoderStates } from './decoder-session';
import { deviceSetting, executionDevices } from './device-setting';
import { beginToken, resolveGenerationOptions, type GenerationOptions, type SearchSettings } from './generation-options';
import { greedySearch } from './greedy-search';
import { missingDevice } from './missing-device';
import { repeatEach, repeatTokens } from './repeat-rows';
import { runEncoder, type HiddenState } from './run-encoder';
import { VisionModel } from './vision-model';

export interface LoadModelOptions {
  /** CPU by default; any name of `core.getAvailableDevices()`, or one that stands for several: AUTO, `AUTO:GPU,CPU`, `HETERO:GPU,CPU`. */
  readonly device?: string;
  /** Further OpenVINO properties, such as `{ INFERENCE_PRECISION_HINT: 'f32' }`. */
  readonly properties?: Config;
  readonly openvino?: OpenVINO;
}

/** Pictures: [batch, 3, image_size, image_size] f32, normalized. */
export interface PixelValues { readonly data: Float32Array; readonly dims: readonly [number, number, number, number] }
/** Encoded pictures: [batch, tokens, hidden] f32. Use them for as many questions as you like. */
export type ImageEmbeds = HiddenState;
/** Either raw pictures or encoded ones. */
export type ImageInput = { readonly pixel_values: PixelValues } | { readonly image_embeds: ImageEmbeds };
/** Token ids and their mask, [batch, length] i64. */
export interface TextInput { readonly input_ids: BigInt64Array; readonly attention_mask: BigInt64Array; readonly dims: readonly [number, number] }

/** Milliseconds of the last call, per stage. */
export interface StageTimings { vision: number; text_encoder: number; decoder: number; decoder_steps: number }

/**
 * The counterpart of Hugging Face's BlipForQuestionAnswering and BlipForConditionalGeneration.
 *
 * @example
 * const model = await OVBlipModel.load('output/blip-scenes/fp16', { device: 'CPU' });
 * const [ids] = await model.generateAnswer({ pixel_values, ...processor.text('how many dogs are there?') });
 * processor.decode(ids) // '2'
 */
export class OVBlipModel {
  /** Of the last generateCaption, generateAnswer or encodeImage. */
  readonly timings: StageTimings = { vision: 0, text_encoder: 0, decoder: 0, decoder_steps: 0 };
  readonly #pools = new Map<CompiledModel, InferRequest[]>();
  #lastGeneration: Promise<unknown> = Promise.resolve();
  #disposed = false;

  private constructor(
    readonly folder: string, readonly device: string, readonly config: BlipConfig, private readonly openvino: OpenVINO,
    private readonly vision: VisionModel, private readonly encoder: CompiledModel | undefined, private readonly decoder: CompiledModel,
  ) {}

  /**
   * Compiles the models that `convertBlip` or `quantizeBlip` wrote.
   * @throws {BlipModelError} when a file or the device is missing @throws {OpenVINOError} when a model cannot be compiled
   */
  static async load(folder: string, options: LoadModelOptions = {}): Promise<OVBlipModel> {
    checkOptions('OVBlipModel.load', options, ['device', 'properties', 'openvino']);
    const { device = 'CPU', properties = {}, openvino = loadOpenVINO() } = options;
    const file = (name: string): string => path.join(folder, name);
    const has = (name: string): boolean => fs.existsSync(file(name));
    if (['config.json', 'blip_vision_model.xml', 'blip_text_encoder.xml'].every(has) && !has('blip_text_decoder.xml'))
      throw new BlipModelError(`${folder} has no text decoder: its checkpoint was made for retrieval and writes no text. `
        + 'Load one for VQA or captions, such as Salesforce/blip-vqa-base.');
    for (const name of ['config.json', 'blip_vision_model.xml', 'blip_text_decoder.xml'])
      if (!has(name)) throw new BlipModelError(`${file(name)} is missing. Expected a folder that convertBlip wrote: run notebook 233-blip-convert, or call convertBlip.`);
    const config = parseBlipConfig(readJSON(file('config.json')), file('config.json'));
    const core = new openvino.Core();
    const available = core.getAvailableDevices();
    const missing = missingDevice(device, available);
    if (missing !== undefined)
      throw new BlipModelError(`device "${device}": OpenVINO finds no ${missing || 'name'} here. Expected one of ${available.join(', ')}, or AUTO. Is its driver installed?`);
    const compile = (name: string, config = properties): Promise<CompiledModel> => core.compileModel(file(name), device, { ...FIRST_HINT, ...config });
    const vision = await VisionModel.load(core, file('blip_vision_model.xml'), device, { ...FIRST_HINT, ...properties });
    const encoder = has('blip_text_encoder.xml') ? await compile('blip_text_encoder.xml') : undefined;
    const decoder = await compile('blip_text_decoder.xml', decoderProperties(file('blip_text_decoder.xml'), device, properties));
    return new OVBlipModel(folder, device, config, openvino, vision, encoder, decoder);
  }

  /**
   * The precision that the device computes in, such as `bf16`: print it beside every time. Names the text decoder's where it has one of
   * its own: `bf16, decoder f32`. `unknown` where the device does not tell.
   */
  get precision(): string {
    const [vision, decoder] = [this.vision.single, this.decoder].map((model) => deviceSetting(model, 'INFERENCE_PRECISION_HINT') ?? 'unknown');
    return vision === decoder ? vision : `${vision}, decoder ${decoder}`;
  }
  /**
   * Whether it answers questions: a checkpoint made for captions has no text encoder.
   *
   * @example
   * if (model.canAnswer) await model.generateAnswer({ pixel_values, ...text });
   */
  get canAnswer(): boolean { return this.encoder !== undefined; }
  /** Processor threads that one inference uses; 0 where the device does not tell, as a graphics card. */
  get threads(): number { return Number.parseInt(deviceSetting(this.vision.single, 'INFERENCE_NUM_THREADS') ?? '0'); }
  /** The devices that it runs on: `['CPU']` where AUTO chose the processor. */
  get executionDevices(): readonly string[] {
    const devices = executionDevices(this.vision.single);
    return devices.length > 0 ? devices : [this.device];
  }

  /**
   * Runs the vision model once; the result serves any number of captions and questions.
   * @throws {BlipModelError} when the shape is not the model's, or the model was disposed
   */
  async encodeImage({ pixel_values }: { readonly pixel_values: PixelValues }): Promise<ImageEmbeds> {
    checkPixelValues(pixel_values, this.config, this.folder);
    this.#assertUsable();
    const vision = await this.vision.forRows(pixel_values.dims[0]);
    const start = performance.now();
    const embeds = await this.#run(vision, { pixel_values: new this.openvino.Tensor('f32', pixel_values.dims, pixel_values.data) });
    this.timings.vision = performance.now() - start;
    return embeds;
  }

  /**
   * Writes captions, one per picture, greedily or by beam search.
   *
   * @param inputs pictures, and optionally prompts that the captions begin with (the processor's `text`): one for all, or one each
   * @returns token ids per picture, from the begin token to the end token
   * @throws {BlipModelError | GenerationOptionsError} before anything runs
   */
  async generateCaption(inputs: ImageInput & Partial<TextInput>, options: GenerationOptions = {}): Promise<number[][]> {
    const bos = beginToken(options, this.config.text_config);
    const prompts = inputs.input_ids ? this.#prompts({ ...inputs, input_ids: inputs.input_ids }, bos) : [[bos]];
    const settings = this.#settings(options, prompts[0].length);
    const image = await this.#embeds(inputs);
    const rows = rowsOf(image.dims[0], prompts.length, 'prompts');
    this.timings.text_encoder = 0;
    return this.#generate(image, prompts.length === 1 ? Array<number[]>(rows).fill(prompts[0]) : prompts, settings);
  }

  /**
   * Answers one question per picture, or several questions about one encoded picture.
   *
   * @param inputs pictures or their embeddings, and questions; one picture may serve all questions, and one question all pictures
   * @returns token ids per question, from the begin token to the end token
   * @throws {BlipModelError | GenerationOptionsError} before anything runs
   */
  async generateAnswer(inputs: ImageInput & Tokens & Pick<TextInput, 'attention_mask'>, options: GenerationOptions = {}): Promise<number[][]> {
    if (!this.encoder)
      throw new BlipModelError(`${this.folder} has no text encoder: its checkpoint was made for captions. Load a VQA checkpoint, such as Salesforce/blip-vqa-base.`);
    const prompt = [beginToken(options, this.config.text_config)];
    const settings = this.#settings(options, prompt.length);
    const [questions, length] = checkTokens(inputs, this.config, this.folder);
    const image = await this.#embeds(inputs);
    const start = performance.now();
    const { Tensor } = this.openvino;
    const rows = rowsOf(image.dims[0], questions, 'questions');
    const [pictures, tokens] = image.dims;
    const input_ids = repeatTokens(inputs.input_ids, rows / questions);           // [rows, length] i64
    const attention_mask = repeatTokens(inputs.attention_mask, rows / questions); // [rows, length] i64
    const question = await this.#run(this.encoder, {
      input_ids: new Tensor('i64', [rows, length], input_ids), attention_mask: new Tensor('i64', [rows, length], attention_mask),
      encoder_hidden_states: new Tensor('f32', image.dims, image.data), // one picture may serve all rows
      encoder_attention_mask: new Tensor('i64', [pictures, tokens], new BigInt64Array(pictures * tokens).fill(1n)),
    });
    this.timings.text_encoder = performance.now() - start;
    return this.#generate({ ...question, attention_mask }, Array<number[]>(rows).fill(prompt), settings);
  }

  /** Frees the compiled models. Calls that are under way end with an error or their result; later ones throw. */
  dispose(): void {
    this.#disposed = true;
    for (const pool of this.#pools.values()) for (const request of pool) request.dispose();
    this.#pools.clear();
    for (const model of [this.vision, this.encoder, this.decoder]) model?.dispose();
  }

  #assertUsable(): void {
    if (this.#disposed) throw new BlipModelError(`The model of ${this.folder} was disposed. Load it again with OVBlipModel.load.`);
  }

  #settings(options: GenerationOptions, promptLength: number): SearchSettings {
    this.#assertUsable();
    const settings = resolveGenerationOptions(options, promptLength, this.config.text_config);
    settings.signal?.throwIfAborted();
    return settings;
  }

  /** A prompt comes as [CLS] words [SEP]: the begin token takes the first place, the last falls away (Hugging Face does the same). */
  #prompts(inputs: Tokens, bos: number): number[][] {
    const [rows, length] = checkTokens(inputs, this.config, this.folder);
    if (inputs.attention_mask?.includes(0n))
      throw new BlipModelError(`attention_mask of the prompts has zeros: ${rows} prompts of different lengths. `
        + 'A caption cannot go on after padding: call generateCaption once per prompt.');
    const words = (row: number): BigInt64Array => inputs.input_ids.subarray(row * length + 1, (row + 1) * length - 1);
    return Array.from({ length: rows }, (_, row) => [bos, ...Array.from(words(row), Number)]);
  }

  async #embeds(inputs: ImageInput): Promise<ImageEmbeds> {
    if (!('image_embeds' in inputs)) return this.encodeImage(inputs);
    checkImageEmbeds(inputs.image_embeds, this.config, this.folder);
    this.timings.vision = 0;
    return inputs.image_embeds;
  }

  /** Runs an encoder on a request of its own, so that calls may overlap; requests are kept for the next call. */
  async #run(model: CompiledModel, inputs: Readonly<Record<string, Tensor>>): Promise<ImageEmbeds> {
    this.#assertUsable();
    const pool = this.#pools.get(model) ?? [];
    this.#pools.set(model, pool);
    const request = pool.pop() ?? model.createInferRequest();
    try {
      return await runEncoder(request, inputs, this.folder);
    } finally {
      if (this.#disposed) request.dispose();
      else pool.push(request);
    }
  }

  /**
   * Generations take turns. Steps of two generations whose states differ in shape must not alternate on one compiled decoder: the CPU
   * plugin (OpenVINO 2026.4.1) then reads a variable with the other's shape, which fails, or damages the process' memory.
   */
  #generate(states: EncoderStates, prompts: readonly (readonly number[])[], settings: SearchSettings): Promise<number[][]> {
    const turn = this.#lastGeneration;
    const generation = turn.then(() => this.#generateNow(states, prompts, settings));
    this.#lastGeneration = generation.catch(() => undefined);
    return settings.signal ? Promise.race([generation, abortedBefore(turn, settings.signal)]) : generation;
  }

  async #generateNow(states: EncoderStates, prompts: readonly (readonly number[])[], settings: SearchSettings): Promise<number[][]> {
    this.#assertUsable();
    settings.signal?.throwIfAborted();
    const start = performance.now();
    const session = new DecoderSession(this.openvino, this.decoder, repeatEach(states, settings.num_beams), settings.max_length, prompts.length * settings.num_beams);
    try {
      const result = await (settings.num_beams === 1 ? greedySearch(session, prompts, settings) : beamSearch(session, prompts, settings));
      this.timings.decoder_steps = result[0].length - prompts[0].length;
      return result;
    } finally {
      session.dispose();
      this.timings.decoder = performance.now() - start;
    }
  }
}

/** Rejects when the signal comes while a call waits for its turn; once that has come, the call itself looks at the signal. */
function abortedBefore(turn: Promise<unknown>, signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    const onAbort = (): void => reject(signal.reason);
    signal.addEventListener('abort', onAbort, { once: true });
    void turn.then(() => signal.removeEventListener('abort', onAbort));
  });
}

/** How many rows a batch has: one picture serves all texts, one text all pictures, or there are as many of both. */
function rowsOf(pictures: number, texts: number, kind: string): number {
  if (pictures !== texts && pictures !== 1 && texts !== 1)
    throw new BlipModelError(`${pictures} pictures and ${texts} ${kind}: give one picture, one of the ${kind}, or as many pictures as ${kind}.`);
  return Math.max(pictures, texts);
}

function readJSON(file: string): unknown {
  try { return JSON.parse(fs.readFileSync(file, 'utf8')); } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new BlipModelError(`${file}: cannot be read as JSON: ${reason}. Convert the checkpoint again: run notebook 233-blip-convert.`);
  }
}
