// A text that was written, with what the model attended to and found likely at each of its tokens.
import { describeValue } from '../core/describe-value';
import { checkOptions } from '../core/check-options';
import type { BlipTextConfig } from '../checkpoint';
import type { CompiledModel } from '../openvino';
import { BlipModelError } from './check-inputs';
import type { EncoderStates } from './decoder-session';
import type { Encoders } from './encoders';
import type { ImageEmbeds, ImageInput, Texts } from './model-inputs';
import { traceSteps, type TracedStep } from './trace-steps';

/** What {@link OVBlipModel.traceSequence} returns. */
export interface SequenceTrace {
  /** One for each token that the model wrote. */
  readonly steps: readonly TracedStep[];
  /** Of an answer: what the tokens of the question attended to in the image. */
  readonly question_attentions?: QuestionAttentions;
}

/** Probabilities, row by row, of the text encoder: the last axis adds up to 1. */
export interface QuestionAttentions {
  readonly data: Float32Array;
  readonly dims: readonly [layers: number, heads: number, question: number, source: number];
}

export interface TraceSequenceOptions {
  /** Tokens that the text begins with, which the model did not write: the BOS token and a prompt; 1 by default. */
  readonly prompt_length?: number;
  /** How many of the likeliest tokens are returned; 5 by default. */
  readonly num_likeliest?: number;
  /** Stops between two tokens. */
  readonly signal?: AbortSignal;
}

const NUM_LIKELIEST = 5;

interface Models {
  readonly encoders: Encoders;
  readonly decoder: CompiledModel;
  /** Runs when nobody else uses the decoder. */
  readonly inTurn: <T>(run: () => Promise<T>) => Promise<T>;
}

/** @throws {BlipModelError} before anything runs, when an input does not fit the model */
export async function traceSequence(
  { encoders, decoder, inTurn }: Models,
  inputs: ImageInput & Partial<Texts>,
  { sequence, ...options }: TraceSequenceOptions & { readonly sequence: readonly number[] },
): Promise<SequenceTrace> {
  checkOptions('OVBlipModel.traceSequence', options, ['prompt_length', 'num_likeliest', 'signal']);
  encoders.assertUsable();
  const { prompt_length = 1, num_likeliest = NUM_LIKELIEST, signal } = options;
  const { openvino, folder, config } = encoders;
  checkSequence(sequence, { prompt_length, num_likeliest }, config.text_config);
  const names = attentionOutputs(decoder, folder);
  const { input_ids, attention_mask, dims } = inputs;
  const texts = input_ids && attention_mask && { input_ids, attention_mask, dims };
  if (texts && encoders.checkTexts(texts)[0] !== 1)
    throw new BlipModelError(`${encoders.checkTexts(texts)[0]} questions were given, expected one: trace each alone.`);
  signal?.throwIfAborted();
  const image = await encoders.imageEmbeds(inputs);
  if (image.dims[0] !== 1)
    throw new BlipModelError(`${image.dims[0]} images were given, expected one: trace each alone.`);
  const question = texts && (await readQuestion(encoders, image, texts, names));
  const steps = await inTurn(() => {
    encoders.assertUsable();
    const states = question?.states ?? image;
    return traceSteps(sequence, { openvino, decoder, folder, names, states, prompt_length, num_likeliest, signal });
  });
  return { steps, ...(question && { question_attentions: question.attentions }) };
}

async function readQuestion(
  encoders: Encoders,
  image: ImageEmbeds,
  texts: Texts,
  names: readonly string[],
): Promise<{ readonly states: EncoderStates; readonly attentions: QuestionAttentions }> {
  const outputs = ['last_hidden_state', ...names];
  const [states, ...layers] = await encoders.textOutputs(image, texts, outputs, 'questions');
  const [rows, length, size] = states.dims;
  const [, heads, tokens, source] = layers[0].dims;
  const data = new Float32Array(layers.length * layers[0].data.length);
  layers.forEach((layer, i) => data.set(layer.data, i * layer.data.length));
  return {
    states: { ...states, dims: [rows, length, size] },
    attentions: { data, dims: [layers.length, heads, tokens, source] },
  };
}

/** The names of the outputs with a model's attention, layer by layer. @throws {BlipModelError} when there are none */
export function attentionOutputs({ outputs }: CompiledModel, folder: string): string[] {
  const names = outputs.map((port) => port.getAnyName()).filter((name) => /^cross_attentions\.\d+$/.test(name));
  if (names.length === 0)
    throw new BlipModelError(
      `${folder}: its models do not put out what they attend to. Convert the checkpoint with output_attentions: ` +
        'convertBlip(checkpoint, folder, { output_attentions: true }), or pass { output_attentions: true } to ' +
        'pipeline or fromPretrained with the checkpoint.',
    );
  return names.map((_, layer) => `cross_attentions.${layer}`);
}

/** @throws {BlipModelError} when a sequence cannot be read by the decoder, or an option is out of range */
export function checkSequence(
  sequence: readonly number[],
  { prompt_length, num_likeliest }: { readonly prompt_length: number; readonly num_likeliest: number },
  { vocab_size, max_position_embeddings }: BlipTextConfig,
): void {
  if (!Array.isArray(sequence))
    throw new BlipModelError(`sequence is ${describeValue(sequence)}, expected a list of token ids.`);
  if (!Number.isSafeInteger(prompt_length) || prompt_length < 1)
    throw new BlipModelError(
      `prompt_length is ${describeValue(prompt_length)}, expected a whole number of at least 1.`,
    );
  if (!Number.isSafeInteger(num_likeliest) || num_likeliest < 0 || num_likeliest > vocab_size)
    throw new BlipModelError(
      `num_likeliest is ${describeValue(num_likeliest)}, expected a whole number from 0 to ${vocab_size}, the size ` +
        `of the vocabulary.`,
    );
  if (sequence.length > max_position_embeddings + 1)
    throw new BlipModelError(
      `sequence has ${sequence.length} tokens, but the model has positions for ${max_position_embeddings} and one ` +
        'token after them. Shorten it.',
    );
  const place = sequence.findIndex((id) => !Number.isSafeInteger(id) || id < 0 || id >= vocab_size);
  if (place >= 0)
    throw new BlipModelError(
      `sequence[${place}] is ${describeValue(sequence[place])}, expected a token id from 0 to ${vocab_size - 1}.`,
    );
  if (sequence.length <= prompt_length)
    throw new BlipModelError(
      `sequence has ${sequence.length} tokens, of which the first ${prompt_length} are its prompt: there is no token ` +
        'to trace. Give the BOS token, the prompt and at least one token more.',
    );
}
