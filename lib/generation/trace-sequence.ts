// A text that was written, with what the model attended to and found likely at each of its tokens.
import { describeValue } from '../core/describe-value';
import { checkOptions } from '../core/check-options';
import type { BlipTextConfig } from '../checkpoint';
import type { CompiledModel } from '../openvino';
import { BlipModelError } from './check-inputs';
import type { EncoderStates } from './decoder-session';
import type { Encoders } from './encoders';
import type { CaptionInputs, ImageEmbeds, Texts } from './model-inputs';
import { attentionOutputs, checkOneImage, checkOneText, traceText, type TextAttentions } from './traced-text';
import { traceSteps, type TracedStep } from './trace-steps';

/** What {@link OVBlipModel.traceSequence} returns. */
export interface SequenceTrace {
  /** One for each token that the model wrote. */
  readonly steps: readonly TracedStep[];
  /** Of an answer: what the tokens of the question attended to in the image. */
  readonly question_attentions?: TextAttentions;
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
  inputs: CaptionInputs,
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
  if (texts) checkOneText(encoders, texts, 'questions');
  signal?.throwIfAborted();
  const image = await encoders.imageEmbeds(inputs);
  checkOneImage(image);
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
): Promise<{ readonly states: EncoderStates; readonly attentions: TextAttentions }> {
  const how = { output: 'last_hidden_state', names, kind: 'questions' };
  const { encoded, attentions } = await traceText(encoders, { image, texts }, how);
  const [rows, length, size] = encoded.dims;
  return { states: { ...encoded, dims: [rows, length, size] }, attentions };
}

/** @throws {BlipModelError} when a sequence cannot be read by the decoder, or an option is out of range */
function checkSequence(
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
