// BLIP with OpenVINO: writes captions of pictures and answers to questions about them.
import * as path from 'node:path';
import type { BlipConfig } from '../checkpoint';
import { convertOnce } from '../model-folder/convert-once';
import type { CompiledModel } from '../openvino';
import { beamSearch } from './beam-search';
import { BlipModelError, type Tokens } from './check-inputs';
import { decoderProperties } from './decoder-properties';
import { DecoderSession, type EncoderStates } from './decoder-session';
import { deviceSetting, executionDevices } from './device-setting';
import {
  Encoders,
  rowsOf,
  type ImageEmbeds,
  type ImageInput,
  type LoadModelOptions,
  type PixelValues,
  type Texts,
} from './encoders';
import {
  beginToken,
  resolveGenerationOptions,
  type GenerationOptions,
  type SearchSettings,
} from './generation-options';
import { greedySearch } from './greedy-search';
import { splitOptions, type PretrainedOptions } from './pretrained-options';
import { repeatEach } from './repeat-rows';

/** Milliseconds of the last call, per stage. */
export interface StageTimings {
  vision: number;
  text_encoder: number;
  decoder: number;
  decoder_steps: number;
}

/**
 * The counterpart of Hugging Face's BlipForQuestionAnswering and BlipForConditionalGeneration.
 *
 * @example
 * const model = await OVBlipModel.fromPretrained('models/blip-scenes', { device: 'CPU' });
 * const [ids] = await model.generateAnswer({ pixel_values, ...processor.text('how many dogs are there?') });
 * processor.decode(ids) // '2'
 */
export class OVBlipModel {
  /** Of the last generateCaption, generateAnswer or encodeImage. */
  readonly timings: StageTimings = { vision: 0, text_encoder: 0, decoder: 0, decoder_steps: 0 };
  #lastGeneration: Promise<unknown> = Promise.resolve();

  private constructor(
    private readonly encoders: Encoders,
    private readonly decoder: CompiledModel,
  ) {}

  /**
   * Loads a checkpoint from the hub or from a folder: converts it into the cache at the first call, see {@link convertOnce}.
   *
   * @param idOrFolder a hub id, a checkpoint folder, or a folder of converted models
   * @throws {BlipModelError} when the checkpoint writes no text @throws whatever convertOnce and load throw
   * @example
   * const model = await OVBlipModel.fromPretrained('Salesforce/blip-vqa-base', { dtype: 'fp16', device: 'AUTO' });
   */
  static async fromPretrained(idOrFolder: string, options: PretrainedOptions = {}): Promise<OVBlipModel> {
    const { source, load } = splitOptions('OVBlipModel.fromPretrained', options);
    const folder = await convertOnce(idOrFolder, source, ({ id, task }) => {
      if (task === 'image-text-retrieval') throw new BlipModelError(noTextDecoder(id));
    });
    return OVBlipModel.load(folder, load);
  }

  /**
   * Compiles the models that `convertBlip` or `quantizeBlip` wrote.
   * @throws {BlipModelError} when a file or the device is missing @throws {OpenVINOError} when a model cannot be compiled
   */
  static async load(folder: string, options: LoadModelOptions = {}): Promise<OVBlipModel> {
    const encoders = await Encoders.load('OVBlipModel.load', folder, options, (has) => {
      if (['config.json', 'blip_vision_model.xml', 'blip_text_encoder.xml'].every(has) && !has('blip_text_decoder.xml'))
        return noTextDecoder(folder);
      const missing = ['config.json', 'blip_vision_model.xml', 'blip_text_decoder.xml'].find((name) => !has(name));
      return (
        missing &&
        `${path.join(folder, missing)} is missing. Expected a folder that convertBlip wrote. A checkpoint, or a hub id, goes to OVBlipModel.fromPretrained.`
      );
    });
    const xml = path.join(folder, 'blip_text_decoder.xml');
    try {
      return new OVBlipModel(
        encoders,
        await encoders.core.compileModel(
          xml,
          encoders.device,
          decoderProperties(xml, encoders.device, options.properties ?? {}),
        ),
      );
    } catch (error) {
      encoders.dispose();
      throw error;
    }
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

  /**
   * The precision that the device computes in, such as `bf16`: print it beside every time. Names the text decoder's where it has one of
   * its own: `bf16, decoder f32`. `unknown` where the device does not tell.
   */
  get precision(): string {
    const [vision, decoder] = [this.encoders.vision.single, this.decoder].map(
      (model) => deviceSetting(model, 'INFERENCE_PRECISION_HINT') ?? 'unknown',
    );
    return vision === decoder ? vision : `${vision}, decoder ${decoder}`;
  }
  /**
   * Whether it answers questions: a checkpoint made for captions has no text encoder.
   *
   * @example
   * if (model.canAnswer) await model.generateAnswer({ pixel_values, ...text });
   */
  get canAnswer(): boolean {
    return this.encoders.text !== undefined;
  }
  /** Processor threads that one inference uses; 0 where the device does not tell, as a graphics card. */
  get threads(): number {
    return Number.parseInt(deviceSetting(this.encoders.vision.single, 'INFERENCE_NUM_THREADS') ?? '0', 10);
  }
  /** The devices that it runs on: `['CPU']` where AUTO chose the processor. */
  get executionDevices(): readonly string[] {
    const devices = executionDevices(this.encoders.vision.single);
    return devices.length > 0 ? devices : [this.device];
  }

  /**
   * Runs the vision model once; the result serves any number of captions and questions.
   * @throws {BlipModelError} when the shape is not the model's, or the model was disposed
   */
  async encodeImage({ pixel_values }: { readonly pixel_values: PixelValues }): Promise<ImageEmbeds> {
    const start = performance.now();
    const embeds = await this.encoders.encodeImage(pixel_values);
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
  async generateCaption(inputs: ImageInput & Partial<Texts>, options: GenerationOptions = {}): Promise<number[][]> {
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
  async generateAnswer(inputs: ImageInput & Texts, options: GenerationOptions = {}): Promise<number[][]> {
    if (!this.canAnswer)
      throw new BlipModelError(
        `${this.folder} has no text encoder: its checkpoint was made for captions. Load a VQA checkpoint, such as Salesforce/blip-vqa-base.`,
      );
    const prompt = [beginToken(options, this.config.text_config)];
    const settings = this.#settings(options, prompt.length);
    this.encoders.checkTexts(inputs);
    const image = await this.#embeds(inputs);
    const start = performance.now();
    const {
      data,
      dims: [rows, length, size],
      attention_mask,
    } = await this.encoders.readTexts(image, inputs, 'last_hidden_state', 'questions');
    this.timings.text_encoder = performance.now() - start;
    return this.#generate(
      { data, dims: [rows, length, size], attention_mask },
      Array<number[]>(rows).fill(prompt),
      settings,
    );
  }

  /** Frees the compiled models. Calls that are under way end with an error or their result; later ones throw. */
  dispose(): void {
    this.encoders.dispose();
    this.decoder.dispose();
  }

  #settings(options: GenerationOptions, promptLength: number): SearchSettings {
    this.encoders.assertUsable();
    const settings = resolveGenerationOptions(options, promptLength, this.config.text_config);
    settings.signal?.throwIfAborted();
    return settings;
  }

  /** A prompt comes as [CLS] words [SEP]: the begin token takes the first place, the last falls away (Hugging Face does the same). */
  #prompts(inputs: Tokens, bos: number): number[][] {
    const [rows, length] = this.encoders.checkTexts(inputs);
    if (inputs.attention_mask?.includes(0n))
      throw new BlipModelError(
        `attention_mask of the prompts has zeros: ${rows} prompts of different lengths. ` +
          'A caption cannot go on after padding: call generateCaption once per prompt.',
      );
    const words = (row: number): BigInt64Array => inputs.input_ids.subarray(row * length + 1, (row + 1) * length - 1);
    return Array.from({ length: rows }, (_, row) => [bos, ...Array.from(words(row), Number)]);
  }

  async #embeds(inputs: ImageInput): Promise<ImageEmbeds> {
    if (!('image_embeds' in inputs)) return this.encodeImage(inputs);
    this.timings.vision = 0;
    return this.encoders.embeds(inputs);
  }

  /**
   * Generations take turns. Steps of two generations whose states differ in shape must not alternate on one compiled decoder: the CPU
   * plugin (OpenVINO 2026.4.1) then reads a variable with the other's shape, which fails, or damages the process' memory.
   */
  #generate(
    states: EncoderStates,
    prompts: readonly (readonly number[])[],
    settings: SearchSettings,
  ): Promise<number[][]> {
    const turn = this.#lastGeneration;
    const generation = turn.then(() => this.#generateNow(states, prompts, settings));
    this.#lastGeneration = generation.catch(() => undefined);
    return settings.signal ? Promise.race([generation, abortedBefore(turn, settings.signal)]) : generation;
  }

  async #generateNow(
    states: EncoderStates,
    prompts: readonly (readonly number[])[],
    settings: SearchSettings,
  ): Promise<number[][]> {
    this.encoders.assertUsable();
    settings.signal?.throwIfAborted();
    const start = performance.now();
    const session = new DecoderSession(
      this.encoders.openvino,
      this.decoder,
      repeatEach(states, settings.num_beams),
      settings.max_length,
      prompts.length * settings.num_beams,
    );
    try {
      const result = await (settings.num_beams === 1
        ? greedySearch(session, prompts, settings)
        : beamSearch(session, prompts, settings));
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

function noTextDecoder(idOrFolder: string): string {
  return (
    `${idOrFolder} has no text decoder: its checkpoint was made for retrieval and writes no text. ` +
    'Load it with OVBlipMatcher, or load one for VQA or captions, such as Salesforce/blip-vqa-base.'
  );
}
