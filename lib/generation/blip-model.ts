// BLIP with OpenVINO: the compiled models of one folder, and the two tasks that they do together.
import * as fs from 'node:fs';
import * as path from 'node:path';
import { parseBlipConfig, type BlipConfig } from '../checkpoint';
import { BlipError } from '../errors';
import { loadOpenVINO, type CompiledModel, type Config, type InferRequest, type OpenVINO } from '../openvino';
import { beamSearch } from './beam-search';
import { DecoderSession, type EncoderStates } from './decoder-session';
import { resolveGenerationOptions, type GenerationOptions } from './generation-options';
import { greedySearch } from './greedy-search';

/** A model folder lacks something, or an input does not fit the model. */
export class BlipModelError extends BlipError {}

export interface LoadModelOptions {
  /** CPU by default; any name of `core.getAvailableDevices()`, or AUTO. */
  readonly device?: string;
  /** Further OpenVINO properties, such as `{ INFERENCE_PRECISION_HINT: 'f32' }`. */
  readonly properties?: Config;
  readonly openvino?: OpenVINO;
}

/** Pictures: [batch, 3, image_size, image_size] f32, normalized. */
export interface PixelValues { readonly data: Float32Array; readonly dims: readonly [number, number, number, number] }
/** Encoded pictures: [batch, tokens, hidden] f32. Use them for as many questions as you like. */
export interface ImageEmbeds { readonly data: Float32Array; readonly dims: readonly [number, number, number] }
/** Either raw pictures or encoded ones. */
export type ImageInput = { readonly pixel_values: PixelValues } | { readonly image_embeds: ImageEmbeds };
/** Token ids and their mask, [batch, length] i64. */
export interface TextInput { readonly input_ids: BigInt64Array; readonly attention_mask: BigInt64Array; readonly dims: readonly [number, number] }

/** Milliseconds of the last call, per stage. */
export interface StageTimings { vision: number; text_encoder: number; decoder: number; decoder_steps: number }

const FIRST_HINT: Config = { PERFORMANCE_HINT: 'LATENCY' };

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

  private constructor(
    readonly folder: string, readonly device: string, readonly config: BlipConfig, private readonly openvino: OpenVINO,
    private readonly vision: CompiledModel, private readonly encoder: CompiledModel | undefined, private readonly decoder: CompiledModel,
  ) {}

  /**
   * Compiles the models that `convertBlip` or `quantizeBlip` wrote.
   * @throws {BlipModelError} when a file is missing @throws {OpenVINOError} when a model cannot be compiled
   */
  static async load(folder: string, options: LoadModelOptions = {}): Promise<OVBlipModel> {
    const { device = 'CPU', properties = {}, openvino = loadOpenVINO() } = options;
    const file = (name: string): string => path.join(folder, name);
    for (const name of ['config.json', 'blip_vision_model.xml', 'blip_text_decoder.xml'])
      if (!fs.existsSync(file(name))) throw new BlipModelError(`${file(name)} is missing. Expected a folder that convertBlip wrote: run notebook 233-blip-convert, or call convertBlip.`);
    const json: unknown = JSON.parse(fs.readFileSync(file('config.json'), 'utf8'));
    const config = parseBlipConfig(json, file('config.json'));
    const core = new openvino.Core();
    const compile = (name: string): Promise<CompiledModel> => core.compileModel(file(name), device, { ...FIRST_HINT, ...properties });
    const vision = await compile('blip_vision_model.xml');
    const encoder = fs.existsSync(file('blip_text_encoder.xml')) ? await compile('blip_text_encoder.xml') : undefined;
    const decoder = await compile('blip_text_decoder.xml');
    return new OVBlipModel(folder, device, config, openvino, vision, encoder, decoder);
  }

  /** The precision that the device computes in, such as `bf16`: print it beside every time. */
  get precision(): string { return this.vision.getProperty('INFERENCE_PRECISION_HINT'); }
  /** Whether it answers questions: a checkpoint made for captions has no text encoder. */
  get canAnswer(): boolean { return this.encoder !== undefined; }
  /** Processor threads that one inference uses. */
  get threads(): number { return Number(this.vision.getProperty('INFERENCE_NUM_THREADS')); }

  /** Runs the vision model once; the result serves any number of captions and questions. */
  async encodeImage({ pixel_values }: { readonly pixel_values: PixelValues }): Promise<ImageEmbeds> {
    const { image_size } = this.config.vision_config;
    const [, channels, height, width] = pixel_values.dims;
    if (channels !== 3 || height !== image_size || width !== image_size)
      throw new BlipModelError(`pixel_values are [${pixel_values.dims.join(', ')}], expected [batch, 3, ${image_size}, ${image_size}]. Use the BlipProcessor of ${this.folder}.`);
    const start = performance.now();
    const embeds = await this.#run(this.vision, { pixel_values: new this.openvino.Tensor('f32', pixel_values.dims, pixel_values.data) });
    this.timings.vision = performance.now() - start;
    return embeds;
  }

  /**
   * Writes captions, one per picture, greedily or by beam search.
   *
   * @param inputs pictures, and optionally a prompt that each caption begins with (input_ids of the processor's `text`)
   * @returns token ids per picture, from the begin token to the end token
   */
  async generateCaption(inputs: ImageInput & { readonly input_ids?: BigInt64Array; readonly attention_mask?: BigInt64Array }, options: GenerationOptions = {}): Promise<number[][]> {
    const image = await this.#embeds(inputs);
    this.timings.text_encoder = 0;
    const bos = options.bos_token_id ?? this.config.text_config.bos_token_id;
    // A prompt comes as [CLS] words [SEP]: the begin token takes the first place, the last falls away (Hugging Face does the same).
    const words = inputs.input_ids ? Array.from(inputs.input_ids, Number).slice(1, -1) : [];
    return this.#generate(image, [bos, ...words], options);
  }

  /**
   * Answers one question per picture, or several questions about one encoded picture.
   *
   * @param inputs pictures or their embeddings, and questions; one picture may serve all questions
   * @returns token ids per question, from the begin token to the end token
   */
  async generateAnswer(inputs: ImageInput & Pick<TextInput, 'input_ids' | 'attention_mask'> & { readonly dims?: readonly [number, number] }, options: GenerationOptions = {}): Promise<number[][]> {
    if (!this.encoder) throw new BlipModelError(`${this.folder} has no text encoder: its checkpoint was made for captions. Load a VQA checkpoint, such as Salesforce/blip-vqa-base.`);
    const image = await this.#embeds(inputs);
    const rows = inputs.dims?.[0] ?? 1;
    const length = inputs.input_ids.length / rows;
    const start = performance.now();
    const { Tensor } = this.openvino;
    const states = repeatRows(image, rows);
    const question = await this.#run(this.encoder, {
      input_ids: new Tensor('i64', [rows, length], inputs.input_ids), attention_mask: new Tensor('i64', [rows, length], inputs.attention_mask),
      encoder_hidden_states: new Tensor('f32', states.dims, states.data),
      encoder_attention_mask: new Tensor('i64', [rows, states.dims[1]], new BigInt64Array(rows * states.dims[1]).fill(1n)),
    });
    this.timings.text_encoder = performance.now() - start;
    const bos = options.bos_token_id ?? this.config.text_config.bos_token_id;
    return this.#generate({ ...question, attention_mask: inputs.attention_mask }, [bos], options);
  }

  dispose(): void {
    for (const pool of this.#pools.values()) for (const request of pool) request.dispose();
    this.#pools.clear();
    for (const model of [this.vision, this.encoder, this.decoder]) model?.dispose();
  }

  async #embeds(inputs: ImageInput): Promise<ImageEmbeds> {
    if ('image_embeds' in inputs) { this.timings.vision = 0; return inputs.image_embeds; }
    return this.encodeImage(inputs);
  }

  /** Runs an encoder on a request of its own, so that calls may overlap; requests are kept for the next call. */
  async #run(model: CompiledModel, inputs: Parameters<InferRequest['infer']>[0]): Promise<ImageEmbeds> {
    const pool = this.#pools.get(model) ?? [];
    this.#pools.set(model, pool);
    const request = pool.pop() ?? model.createInferRequest();
    try {
      const { last_hidden_state } = await request.inferAsync(inputs);
      const [rows, tokens, size] = last_hidden_state.getShape();
      const data = last_hidden_state.getData();
      if (!(data instanceof Float32Array)) throw new BlipModelError(`${this.folder}: last_hidden_state is ${last_hidden_state.getElementType()}, expected f32.`);
      return { data, dims: [rows, tokens, size] };
    } finally {
      pool.push(request);
    }
  }

  async #generate(states: EncoderStates, prompt: readonly number[], options: GenerationOptions): Promise<number[][]> {
    const { sep_token_id, pad_token_id, max_position_embeddings } = this.config.text_config;
    const settings = resolveGenerationOptions(options, prompt.length, max_position_embeddings, { eos_token_id: sep_token_id, pad_token_id });
    const rows = states.dims[0];
    const expanded = settings.num_beams === 1 ? states : repeatEach(states, settings.num_beams);
    const start = performance.now();
    const session = new DecoderSession(this.openvino, this.decoder, expanded, settings.max_length);
    try {
      const prompts = Array.from({ length: rows }, () => prompt);
      const result = await (settings.num_beams === 1 ? greedySearch(session, prompts, settings) : beamSearch(session, prompts, settings));
      this.timings.decoder_steps = result[0].length - prompt.length;
      return result;
    } finally {
      session.dispose();
      this.timings.decoder = performance.now() - start;
    }
  }
}

/** One picture's embeddings for several questions; as many pictures as questions pass unchanged. */
function repeatRows(image: ImageEmbeds, rows: number): ImageEmbeds {
  if (image.dims[0] === rows) return image;
  if (image.dims[0] !== 1) throw new BlipModelError(`${image.dims[0]} pictures and ${rows} questions: give one picture, or as many pictures as questions.`);
  return repeatEach(image, rows);
}

/** Each row `times` times in a row: [a, b] -> [a, a, b, b]. */
function repeatEach<T extends EncoderStates>(states: T, times: number): EncoderStates & { readonly dims: readonly [number, number, number] } {
  const [rows, source, size] = states.dims;
  const data = new Float32Array(states.data.length * times);
  const mask = states.attention_mask && new BigInt64Array(states.attention_mask.length * times);
  for (let row = 0; row < rows * times; row++) {
    const from = Math.floor(row / times);
    data.set(states.data.subarray(from * source * size, (from + 1) * source * size), row * source * size);
    if (mask && states.attention_mask) mask.set(states.attention_mask.subarray(from * source, (from + 1) * source), row * source);
  }
  return { data, dims: [rows * times, source, size], attention_mask: mask };
}
