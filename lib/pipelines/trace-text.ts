// Captions and answers with what lay behind each of their tokens: its probability, the likeliest tokens at its place,
// and the attention over the patches of the image.
import { checkArguments } from '../core/check-arguments';
import { describeValue } from '../core/describe-value';
import type { GenerationOptions, ImageEmbeds, ImageInput, OVBlipModel, SequenceTrace, TracedStep } from '../generation';
import { assertOneImageInput } from '../generation/model-inputs';
import type { BlipProcessor } from '../preprocessing';
import { averageHeads, patchAttention, type AttentionOptions, type PatchAttention } from './patch-attention';
import { checkTextOptions, PipelineError } from './pipeline-error';

/** A token and the probability that the model gives it, from 0 to 1: before any option of the search changes it. */
export interface LikelyToken {
  readonly token: string;
  readonly token_id: number;
  readonly probability: number;
}

/** A token that the model wrote. */
export interface TracedToken extends LikelyToken {
  /** The likeliest tokens at its place, likeliest first; five, unless `num_likeliest` says otherwise. */
  readonly likeliest: readonly LikelyToken[];
  /** Where the model looked when it wrote the token. */
  readonly attention: PatchAttention;
  /** The probabilities that it was averaged from: [layers, heads, tokens attended to] f32. */
  readonly cross_attentions: TracedStep['cross_attentions'];
}

export interface TracedCaption {
  readonly text: string;
  /** What the model wrote after the prompt, up to the end token. */
  readonly tokens: readonly TracedToken[];
}

/** A token of the question, and where the text encoder looked when it read it. */
export interface QuestionToken {
  readonly token: string;
  readonly token_id: number;
  readonly attention: PatchAttention;
}

/** A token of an answer: the decoder reads the question, and only through its tokens the image. */
export interface TracedAnswerToken extends TracedToken {
  /** What the decoder attended to: one number for each token of the question; they add up to 1. */
  readonly question_attention: Float32Array;
}

export interface TracedAnswer {
  readonly text: string;
  readonly tokens: readonly TracedAnswerToken[];
  readonly question: readonly QuestionToken[];
}

/** How the text is generated, and which attention is returned. */
export interface TraceOptions extends Omit<GenerationOptions, 'on_token' | 'num_return_sequences'>, AttentionOptions {
  /** How many of the likeliest tokens are returned; 5 by default. */
  readonly num_likeliest?: number;
  /** Token ids of a text that was generated before, from the BOS token on: it is read instead of generating one. */
  readonly sequence?: readonly number[];
}

export type TraceCaptionOptions = TraceOptions & { readonly prompt?: string };

/**
 * Writes a caption, by any search, and tells what lay behind each of its tokens. The text is read once more for this,
 * token by token: about as long as a greedy search takes.
 *
 * @param model of a folder that was converted with `output_attentions: true`
 * @param image one image, or its embeddings
 * @param options those of generateCaption, `prompt`, `layer`, `heads`, `num_likeliest`, `sequence`
 * @throws {BlipModelError} when the folder was converted without attention
 * @example
 * const { tokens } = await traceCaption(model, processor, { pixel_values: await processor.image('demo.jpg') });
 * tokens[2].token // 'dogs'
 * tokens[2].attention // { data: Float32Array(64), rows: 8, columns: 8, class_token: 0.0018... }
 */
export async function traceCaption(
  model: OVBlipModel,
  processor: BlipProcessor,
  image: ImageInput,
  options: TraceCaptionOptions = {},
): Promise<TracedCaption> {
  check('traceCaption', model, processor, image, options);
  const { prompt, layer, heads, num_likeliest, sequence, ...generation } = options;
  if (prompt !== undefined && typeof prompt !== 'string')
    throw new PipelineError(`prompt is ${describeValue(prompt)}, expected a string.`);
  const image_embeds = await embeds(model, image);
  const start = prompt ? processor.text(prompt) : undefined;
  const ids = sequence ?? (await model.generateCaption({ image_embeds, ...start }, generation))[0];
  const { signal } = generation;
  const prompt_length = start ? start.input_ids.length - 1 : 1; // [CLS] is the BOS token, [SEP] is left out
  const trace = await model.traceSequence({ image_embeds }, ids, { prompt_length, num_likeliest, signal });
  const tokens = trace.steps.map((step) => {
    const [attention] = averageHeads(step.cross_attentions, 1, { layer, heads });
    return { ...tokenOf(processor, step), attention: patchAttention(attention, model.config) };
  });
  return { text: processor.decode(ids), tokens };
}

/**
 * Answers a question, by any search, and tells what lay behind each token of the answer. BLIP's decoder does not see
 * the image when it answers: it attends to the question's tokens (`question_attention`), and they attended to the
 * image when they were read (`question`). `attention` of a token of the answer is the product of the two: what each
 * token of the question looked at, weighted by how much the decoder attended to it.
 *
 * @param model of a folder that was converted with `output_attentions: true`
 * @param image one image, or its embeddings
 * @param options those of generateAnswer, `layer`, `heads`, `num_likeliest`, `sequence`
 * @throws {BlipModelError} when the folder was converted without attention
 * @example
 * const inputs = { image_embeds, question: 'how many dogs are there?' };
 * const { text, question } = await traceAnswer(model, processor, inputs);
 * text // '2'
 * question.map(({ token }) => token) // ['[CLS]', 'how', 'many', 'dogs', 'are', 'there', '?', '[SEP]']
 */
export async function traceAnswer(
  model: OVBlipModel,
  processor: BlipProcessor,
  image: ImageInput & { readonly question: string },
  options: TraceOptions = {},
): Promise<TracedAnswer> {
  check('traceAnswer', model, processor, image, options);
  checkArguments('traceAnswer', { question: [image.question, 'text'] });
  const { layer, heads, num_likeliest, sequence, ...generation } = options;
  const image_embeds = await embeds(model, image);
  const inputs = { image_embeds, ...processor.text(image.question) };
  const ids = sequence ?? (await model.generateAnswer(inputs, generation))[0];
  const trace = await model.traceSequence(inputs, ids, { num_likeliest, signal: generation.signal });
  const read = questionAttention(trace, { layer, heads });
  const tokens = trace.steps.map((step) => {
    const [question_attention] = averageHeads(step.cross_attentions, 1, { layer, heads });
    const attention = patchAttention(weightedSum(question_attention, read), model.config);
    return { ...tokenOf(processor, step), question_attention, attention };
  });
  const question = Array.from(inputs.input_ids, (id, place): QuestionToken => {
    const [token] = processor.tokens([id]);
    return { token, token_id: Number(id), attention: patchAttention(read[place], model.config) };
  });
  return { text: processor.decode(ids), tokens, question };
}

function check(call: string, model: unknown, processor: unknown, image: unknown, options: object): void {
  checkArguments(call, {
    model: [model, ['generateCaption', 'traceSequence']],
    processor: [processor, ['decode', 'tokens']],
    image: [image, 'object'],
    options: [options, 'object'],
  });
  checkTextOptions(options);
  if ('num_return_sequences' in options && options.num_return_sequences !== undefined)
    throw new PipelineError(
      `${call}: num_return_sequences: one text is traced. Leave it out, and pass each of several texts as sequence.`,
    );
}

async function embeds(model: OVBlipModel, image: ImageInput): Promise<ImageEmbeds> {
  assertOneImageInput(image);
  return image.image_embeds ?? model.encodeImage(image);
}

/** Where each token of the question looked, over class token and patches. */
function questionAttention({ question_attentions }: SequenceTrace, options: AttentionOptions): Float32Array[] {
  if (!question_attentions) throw new PipelineError('The question was not read. Load a VQA checkpoint.');
  return averageHeads(question_attentions, question_attentions.dims[2], options);
}

function weightedSum(weights: Float32Array, rows: readonly Float32Array[]): Float32Array {
  const sum = new Float64Array(rows[0].length);
  rows.forEach((row, i) => row.forEach((value, place) => (sum[place] += weights[i] * value)));
  return Float32Array.from(sum);
}

function tokenOf(processor: BlipProcessor, { likeliest, ...step }: TracedStep) {
  const named = <T extends { readonly token_id: number }>(each: T): T & { readonly token: string } => ({
    ...each,
    token: processor.tokens([each.token_id])[0],
  });
  return { ...named(step), likeliest: likeliest.map(named) };
}
