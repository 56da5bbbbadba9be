// What models are given, as table rows: tensors with shape and type, tokens, and the samples that they come from.
import { checkArguments } from '../core/check-arguments';
import type { VqaSample } from '../datasets';
import type { HiddenState, PixelInput } from '../generation';
import type { PartName } from '../optimize';
import type { BlipProcessor, TextInputs } from '../preprocessing';
import { decimals } from './format-number';
import { checkProcessor } from './task-model';

/** One tensor. */
export interface TensorRow {
  readonly input: string;
  readonly shape: string;
  readonly type: string;
  readonly 'first values': string;
}

/** One token of a text, with its id as two tokenizers see it. */
export interface TokenRow {
  readonly position: number;
  readonly token_id: number;
  readonly 'transformers.js'?: number | '';
  readonly token: string;
}

/** One input of a model. */
export interface InputRow {
  readonly model: PartName;
  readonly input: string;
  readonly shape: string;
  readonly type: 'f32' | 'i64';
}

/** One sample of a data set. */
export interface SampleRow {
  readonly image_id: string;
  readonly question: string;
  readonly answer: string;
}

const FIRST_VALUES = 4;

/**
 * @param tensors by name, such as `{ pixel_values }`
 * @example
 * tensorRows({ pixel_values })
 * // [{ input: 'pixel_values', shape: '[1, 3, 128, 128]', type: 'f32', 'first values': '-0.6828 -0.6828 -0.6828 -0.6828' }]
 */
export function tensorRows(tensors: Readonly<Record<string, PixelInput>>): TensorRow[] {
  checkArguments('tensorRows', { tensors: [tensors, 'object'] });
  return Object.entries(tensors).map(([input, tensor]) => {
    checkArguments('tensorRows', { [`tensors.${input}`]: [tensor, ['data', 'dims']] });
    const { data, dims } = tensor;
    checkArguments('tensorRows', {
      [`tensors.${input}.data`]: [data, ['length', 'subarray']],
      [`tensors.${input}.dims`]: [dims, 'numbers'],
    });
    const values = Array.from(data.subarray(0, FIRST_VALUES), (value) => decimals(value, 4));
    return { input, shape: shapeOf(dims), type: 'f32', 'first values': values.join(' ') };
  });
}

/**
 * @param text what `processor.text` returned for one text
 * @param reference the ids that another tokenizer gives, for a column beside
 * @example
 * tokenRows(processor, processor.text('how many dogs?'))[0] // { position: 0, token_id: 2, token: '[CLS]' }
 */
export function tokenRows(
  processor: BlipProcessor,
  text: Pick<TextInputs, 'input_ids'>,
  reference?: readonly number[],
): TokenRow[] {
  checkProcessor('tokenRows', processor);
  checkArguments('tokenRows', { text: [text, ['input_ids']] });
  checkArguments('tokenRows', {
    'text.input_ids': [text.input_ids, ['length', 'subarray']],
    ...(reference !== undefined && { reference: [reference, 'numbers'] }),
  });
  return Array.from(text.input_ids, (id, position) => ({
    position,
    token_id: Number(id),
    ...(reference && { 'transformers.js': reference[position] ?? '' }),
    token: processor.tokens([id])[0],
  }));
}

/**
 * What calibration gives to each model of a folder, of one sample.
 *
 * @param parts the models that there are
 * @example
 * inputRows(presentParts(folder), { pixel_values, text, image_embeds })[0]
 * // { model: 'vision_model', input: 'pixel_values', shape: '[1, 3, 128, 128]', type: 'f32' }
 */
export function inputRows(
  parts: readonly PartName[],
  inputs: { readonly pixel_values: PixelInput; readonly text: TextInputs; readonly image_embeds: HiddenState },
): InputRow[] {
  checkArguments('inputRows', {
    parts: [parts, 'texts'],
    inputs: [inputs, ['pixel_values', 'text', 'image_embeds']],
  });
  const { pixel_values, text, image_embeds } = inputs;
  const row = (model: PartName, input: string, { dims }: { dims: readonly number[] }, type: 'f32' | 'i64') => {
    checkArguments('inputRows', { [`the dims of ${input}`]: [dims, 'numbers'] });
    return { model, input, shape: shapeOf(dims), type };
  };
  for (const [name, each] of Object.entries({ pixel_values, text, image_embeds }))
    checkArguments('inputRows', { [`inputs.${name}`]: [each, ['dims']] });
  return [
    row('vision_model', 'pixel_values', pixel_values, 'f32'),
    row('text_encoder', 'input_ids', text, 'i64'),
    row('text_encoder', 'attention_mask', text, 'i64'),
    row('text_encoder', 'encoder_hidden_states', image_embeds, 'f32'),
  ].filter(({ model }) => parts.includes(model));
}

/**
 * The first samples of a data set.
 *
 * @example
 * sampleRows(samples, 5)[0] // { image_id: '57', question: 'is it day or night?', answer: 'day' }
 */
export function sampleRows(samples: readonly VqaSample[], count: number): SampleRow[] {
  checkArguments('sampleRows', { samples: [samples, 'list'], count: [count, 'number'] });
  return samples.slice(0, count).map((sample) => {
    checkArguments('sampleRows', { 'each of samples': [sample, ['image_id', 'question', 'answers']] });
    const { image_id, question, answers } = sample;
    checkArguments('sampleRows', { 'the answers of a sample': [answers, 'list'] });
    return { image_id, question, answer: answers[0] ?? '' };
  });
}

function shapeOf(dims: readonly number[]): string {
  return `[${dims.join(', ')}]`;
}
