// BLIP with OpenVINO: captions of images and answers to questions about them.
import { checkArguments } from '../core/check-arguments';
import type { BlipConfig } from '../checkpoint';
import { convertOnce } from '../convert/convert-once';
import { loadUnchanged } from '../model-folder/load-unchanged';
import type { CompiledModel } from '../openvino';
import { BlipModelError } from './check-inputs';
import { deviceSetting } from './device-setting';
import { assertAnswers, imageStates, questionStates } from './encode-inputs';
import type { Encoders } from './encoders';
import type { Generated, GenerateOptions, GenerateOutput } from './generate-output';
import {
  beginToken,
  checkStreamOptions,
  resolveGenerationOptions,
  type GenerationOptions,
  type OutputOptions,
  type SearchSettings,
  type StreamOptions,
} from './generation-options';
import type { LoadUse } from './folder-use';
import { compileParts, type GenerationParts } from './generation-parts';
import type { LoadModelOptions } from './load-model-options';
import {
  batchSize,
  type CaptionInputs,
  type ImageEmbeds,
  type PixelInput,
  type ImageTextInputs,
  type Texts,
} from './model-inputs';
import { noTextDecoder } from './missing-parts';
import { splitOptions, type PretrainedOptions } from './pretrained-options';
import type { RankAnswersOptions, RankedAnswer } from './rank-answers';
import { rankQuestions, readCandidates, resolveRankOptions } from './rank-questions';
import { readPrompts } from './read-prompts';
import type { AllocateFloats } from './run-encoder';
import { runGeneration, type GenerationInputs } from './run-generation';
import { settingsByLength } from './run-searches';
import { checkSeeds } from './sampling-options';
import { streamTokens, type StreamHooks } from './stream-tokens';
import { Turns } from './take-turns';
import { traceSequence, type SequenceTrace, type TraceSequenceOptions } from './trace-sequence';

/**
 * The counterpart of Hugging Face's BlipForQuestionAnswering and BlipForConditionalGeneration.
 *
 * @example
 * const model = await OVBlipModel.fromPretrained('models/blip-scenes', { device: 'CPU' });
 * const [ids] = await model.generateAnswer({ pixel_values, ...processor.text('how many dogs are there?') });
 * processor.decode(ids) // '2'
 */
export class OVBlipModel {
  readonly #turns: Turns;

  private constructor(
    private readonly encoders: Encoders,
    private readonly decoder: CompiledModel,
  ) {
    this.#turns = new Turns(decoder);
  }

  /**
   * Loads a checkpoint from the hub or from a folder: converts it into the cache at the first call, see
   * {@link convertOnce}.
   *
   * @param idOrFolder a hub id, a checkpoint folder, or a folder of converted models
   * @throws {BlipModelError} when the checkpoint writes no text
   * @throws whatever convertOnce and load throw
   * @example
   * const model = await OVBlipModel.fromPretrained('Salesforce/blip-vqa-base', { dtype: 'fp16', device: 'AUTO' });
   */
  static async fromPretrained(idOrFolder: string, options: PretrainedOptions = {}): Promise<OVBlipModel> {
    const { source, load } = splitOptions('OVBlipModel.fromPretrained', options);
    const folder = await convertOnce(idOrFolder, source, ({ id, task }) => {
      if (task === 'image-text-retrieval' || task === 'feature-extraction') throw new BlipModelError(noTextDecoder(id));
    });
    return OVBlipModel.load(folder, load);
  }

  /**
   * Compiles the models that `convertBlip` or `quantizeBlip` wrote.
   * @throws {BlipModelError} when a file or the device is missing
   * @throws {ModelFolderError} when a file is not what the folder's manifest says, or graphs and config.json do not fit
   * @throws {OpenVINOError} when a model cannot be compiled
   */
  static async load(folder: string, options: LoadModelOptions = {}): Promise<OVBlipModel> {
    return OVBlipModel.loadFor(folder, options, {});
  }

  /** `load` for what the caller is about to do. @internal for other rooms of this library */
  static async loadFor(folder: string, options: LoadModelOptions, use: LoadUse): Promise<OVBlipModel> {
    checkArguments('OVBlipModel.load', { folder: [folder, 'path'], use: [use, 'object'] });
    return loadUnchanged(
      folder,
      async () => {
        const { encoders, decoder } = await compileParts('OVBlipModel.load', folder, options, use);
        return new OVBlipModel(encoders, decoder);
      },
      (model) => model.dispose(),
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

  /**
   * The precision that the device computes in, such as `bf16`: print it beside every time. Where the text decoder's
   * differs, both: `f32, decoder bf16`. `unknown` where the device does not report it. On a CPU with both, the faster
   * one of this machine (docs/decisions/017-precision-by-trial.md, 032-decoder-precision-by-trial.md).
   */
  get precision(): string {
    const vision = this.encoders.precision;
    const decoder = deviceSetting(this.decoder, 'INFERENCE_PRECISION_HINT', this.encoders) ?? 'unknown';
    return vision === decoder ? vision : `${vision}, decoder ${decoder}`;
  }

  /** Whether it answers questions (`generateAnswer`): a captioning checkpoint has no text encoder. */
  get canAnswer(): boolean {
    return this.encoders.text !== undefined;
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

  /**
   * Runs the vision model once; the result serves any number of captions and questions.
   * @throws {BlipModelError} when the shape does not fit the model, or the model was disposed
   */
  async encodeImage(inputs: { readonly pixel_values: PixelInput }): Promise<ImageEmbeds> {
    checkArguments('OVBlipModel.encodeImage', { inputs: [inputs, 'object'] });
    return this.encoders.encodeImage(inputs.pixel_values);
  }

  /** encodeImage into an array that `allocate` gives. @internal for batches */
  async encodeImageInto(pixel_values: PixelInput, allocate: AllocateFloats): Promise<ImageEmbeds> {
    checkArguments('encodeImageInto', { pixel_values: [pixel_values, 'object'], allocate: [allocate, 'function'] });
    return this.encoders.encodeImage(pixel_values, allocate);
  }

  /**
   * Writes captions, one per image, by greedy search, beam search or sampling.
   *
   * Prompts may have different lengths: each row gets what it gets alone. Hugging Face reads the padding of shorter
   * prompts as text, so that its results for them differ.
   *
   * @param inputs images or their embeddings, and optionally prompts that the captions begin with (the processor's
   *   `text`): one for all images, or one each
   * @returns token ids per image, from the BOS token to the end token; with `return_dict_in_generate: true` also the
   *   time of each stage, and on request scores and probabilities
   * @throws {BlipModelError | GenerationOptionsError} before anything runs
   * @example
   * const { sequences, timings } = await model.generateCaption({ pixel_values }, { return_dict_in_generate: true });
   * timings // { vision: 4.1, text_encoder: 0, decoder: 12.5, decoder_steps: 11 }
   * @example
   * // Three captions, drawn; the same ones at every call with this seed
   * await model.generateCaption({ pixel_values }, { do_sample: true, top_p: 0.9, num_return_sequences: 3, seed: 1 });
   */
  generateCaption<Dict extends boolean = false>(
    inputs: CaptionInputs,
    options?: GenerateOptions<Dict>,
  ): Promise<Generated<Dict>>;
  async generateCaption(inputs: CaptionInputs, options: GenerateOptions = {}): Promise<GenerateOutput | number[][]> {
    checkArguments('OVBlipModel.generateCaption', { inputs: [inputs, 'object'] });
    const bos = beginToken(options, this.config.text_config);
    const prompts = inputs.input_ids
      ? readPrompts({ ...inputs, input_ids: inputs.input_ids }, bos, (texts) => this.encoders.checkTexts(texts))
      : [[bos]];
    const settings = settingsByLength(prompts, (length) => this.#settings(options, length));
    const { states, vision } = await imageStates(this.encoders, inputs);
    const rows = batchSize(states.dims[0], prompts.length, 'prompts');
    checkSeeds(options.seed, rows);
    const rowPrompts = prompts.length === 1 ? Array<number[]>(rows).fill(prompts[0]) : prompts;
    return this.#generate({ states, prompts: rowPrompts, settings, vision, text_encoder: 0 });
  }

  /**
   * Answers one question per image, or several questions about one image.
   *
   * @param inputs images or their embeddings, and questions; one image may serve all questions, and one question all
   *   images
   * @returns token ids per question, from the BOS token to the end token; with `return_dict_in_generate: true` also the
   *   time of each stage
   * @throws {BlipModelError | GenerationOptionsError} before anything runs
   */
  generateAnswer<Dict extends boolean = false>(
    inputs: ImageTextInputs,
    options?: GenerateOptions<Dict>,
  ): Promise<Generated<Dict>>;
  async generateAnswer(inputs: ImageTextInputs, options: GenerateOptions = {}): Promise<GenerateOutput | number[][]> {
    assertAnswers(this.encoders);
    const prompt = [beginToken(options, this.config.text_config)];
    const settings = settingsByLength([prompt], (length) => this.#settings(options, length));
    const question = await questionStates(this.encoders, inputs);
    const [rows] = question.states.dims;
    checkSeeds(options.seed, rows);
    return this.#generate({ ...question, prompts: Array<number[]>(rows).fill(prompt), settings });
  }

  /**
   * Ranks given answers instead of writing one: BLIP's rank mode (`rank_answer` in Salesforce's models/blip_vqa.py).
   * Candidates whose first token is unlikely are left out; of the others the whole likelihood counts.
   *
   * @param inputs images or their embeddings, and questions, as in generateAnswer
   * @param candidates `processor.text(answers)`: any number, the same for all questions
   * @returns per question the candidates that were compared, at most num_ans_candidates, best first. Equal ones, such
   *   as duplicates, stay in the order of the list
   * @throws {BlipModelError | GenerationOptionsError} before anything runs
   * @example
   * const answers = ['1', '2', '3', 'yes'];
   * const question = processor.text('how many dogs are there?');
   * const [ranked] = await model.rankAnswers({ image_embeds, ...question }, processor.text(answers));
   * answers[ranked[0].index] // '2'
   */
  async rankAnswers(
    inputs: ImageTextInputs,
    candidates: Texts,
    options: RankAnswersOptions = {},
  ): Promise<RankedAnswer[][]> {
    checkArguments('OVBlipModel.rankAnswers', { inputs: [inputs, 'object'], candidates: [candidates, 'object'] });
    assertAnswers(this.encoders);
    const resolved = resolveRankOptions(options);
    resolved.signal?.throwIfAborted();
    const { text_config } = this.config;
    const texts = readCandidates(candidates, this.encoders.checkTexts(candidates), text_config);
    const { states } = await questionStates(this.encoders, inputs);
    const call = { openvino: this.encoders.openvino, decoder: this.decoder, states, bos: text_config.bos_token_id };
    return this.#turns.take(() => {
      this.encoders.assertUsable();
      return rankQuestions(call, texts, resolved);
    }, resolved.signal);
  }

  /**
   * generateCaption as an async iterator over its tokens, by greedy search. Leaving the loop early cancels the
   * generation.
   *
   * @returns yields the new token of each row after each step, and returns the output
   * @throws as generateCaption does, at the first step of the loop
   * @example
   * for await (const [id] of model.streamCaption({ pixel_values })) process.stdout.write(`${processor.tokens([id])} `);
   * // two gray dogs ...
   */
  streamCaption(
    inputs: CaptionInputs,
    options: StreamOptions = {},
  ): AsyncGenerator<number[], GenerateOutput, undefined> {
    return this.#stream(options, (hooks) =>
      this.generateCaption(inputs, { ...options, ...hooks, return_dict_in_generate: true }),
    );
  }

  /** generateAnswer as an async iterator over its tokens: see streamCaption. */
  streamAnswer(
    inputs: ImageTextInputs,
    options: StreamOptions = {},
  ): AsyncGenerator<number[], GenerateOutput, undefined> {
    return this.#stream(options, (hooks) =>
      this.generateAnswer(inputs, { ...options, ...hooks, return_dict_in_generate: true }),
    );
  }

  /**
   * Reads a text that any search wrote once more, and returns what each step attended to and found likely, as
   * transformers does with `output_attentions=True` and eager attention. Needs a folder that was converted with
   * `output_attentions: true`. {@link traceCaption} and {@link traceAnswer} add words and grids of patches.
   *
   * @param inputs one image or its embeddings, and of an answer the question (`processor.text`)
   * @param sequence token ids from the BOS token on, as generateCaption and generateAnswer return them
   * @throws {BlipModelError} before anything runs, when an input does not fit the model
   * @example
   * const [ids] = await model.generateCaption({ image_embeds });
   * const { steps } = await model.traceSequence({ image_embeds }, ids);
   * steps[0].cross_attentions.dims // [3, 6, 65]: layers, heads, class token and patches
   */
  async traceSequence(
    inputs: CaptionInputs,
    sequence: readonly number[],
    options: TraceSequenceOptions = {},
  ): Promise<SequenceTrace> {
    checkArguments('OVBlipModel.traceSequence', { inputs: [inputs, 'object'], options: [options, 'object'] });
    const inTurn = <T>(run: () => Promise<T>): Promise<T> => this.#turns.take(run, options.signal);
    return traceSequence({ encoders: this.encoders, decoder: this.decoder, inTurn }, inputs, { ...options, sequence });
  }

  /** Runs `use` in its turn among generations. @internal for other forms of generation in this library */
  async takeTurn<T>(signal: AbortSignal | undefined, use: (parts: GenerationParts) => Promise<T>): Promise<T> {
    checkArguments('takeTurn', {
      ...(signal !== undefined && { signal: [signal, ['aborted', 'throwIfAborted', 'addEventListener']] }),
      use: [use, 'function'],
    });
    return this.#turns.take(() => {
      this.encoders.assertUsable();
      signal?.throwIfAborted();
      return use({ encoders: this.encoders, decoder: this.decoder });
    }, signal);
  }

  /** Frees the compiled models. Calls that are in progress end with an error or their result; later calls throw. */
  dispose(): void {
    this.encoders.dispose();
    this.decoder.dispose();
  }

  async *#stream(
    options: StreamOptions,
    generate: (hooks: StreamHooks) => Promise<GenerateOutput>,
  ): AsyncGenerator<number[], GenerateOutput, undefined> {
    checkStreamOptions(options);
    return yield* streamTokens(generate, options.signal);
  }

  #settings(options: GenerationOptions & OutputOptions, promptLength: number): SearchSettings {
    this.encoders.assertUsable();
    const settings = resolveGenerationOptions(options, promptLength, this.config.text_config);
    settings.signal?.throwIfAborted();
    return settings;
  }

  async #generate(inputs: GenerationInputs): Promise<GenerateOutput | number[][]> {
    const [settings] = inputs.settings.values();
    const { encoders, decoder } = this;
    const output = await this.#turns.take(() => runGeneration({ encoders, decoder }, inputs), settings.signal);
    return settings.return_dict_in_generate ? output : output.sequences;
  }
}
