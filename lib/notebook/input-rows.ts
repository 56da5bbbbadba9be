// What models are given, as table rows: tensors with shape and type, tokens, and the samples that they come from.
import { checkArguments } from '../core/check-arguments';
import type { VqaSample, VqaSamples } from '../datasets';
import type { HiddenState, PixelInput } from '../generation';
import type { PartName } from '../optimize';
import type { BlipProcessor, TextInputs } from '../preprocessing';
import { decimals } from './format-number';
import { checkProcessor } from './task-model';

/** One color channel of a processed image. */
export interface PixelRow {
  readonly channel: string;
  readonly 'upper left pixel': string;
  readonly smallest: string;
  readonly largest: string;
  readonly mean: string;
}

/** One token of a text. */
export interface TokenRow {
  readonly position: number;
  readonly token_id: number;
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

const CHANNELS = ['red', 'green', 'blue'];
const DIGITS = 2;

/**
 * A processed image, channel by channel: 0 is the mean of the images that the checkpoint was trained on.
 *
 * @param pixel_values what `processor.image` returned
 * @example
 * pixelRows(pixel_values)[0]
 * // { channel: 'red', 'upper left pixel': '-0.68', smallest: '-1.59', largest: '1.93', mean: '0.48' }
 */
export function pixelRows(pixel_values: PixelInput): PixelRow[] {
  checkArguments('pixelRows', { pixel_values: [pixel_values, ['data', 'dims']] });
  const { data, dims } = pixel_values;
  checkArguments('pixelRows', {
    'pixel_values.data': [data, ['length', 'subarray']],
    'pixel_values.dims': [dims, 'numbers'],
  });
  const size = dims[2] * dims[3];
  return CHANNELS.map((channel, index) => {
    const values = data.subarray(index * size, (index + 1) * size);
    let [low, high, sum] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 0];
    for (const value of values) [low, high, sum] = [Math.min(low, value), Math.max(high, value), sum + value];
    return {
      channel,
      'upper left pixel': decimals(values[0], DIGITS),
      smallest: decimals(low, DIGITS),
      largest: decimals(high, DIGITS),
      mean: decimals(sum / size, DIGITS),
    };
  });
}

/**
 * @param text what `processor.text` returned for one text
 * @example
 * tokenRows(processor, processor.text('how many dogs?'))[0] // { position: 0, token_id: 2, token: '[CLS]' }
 */
export function tokenRows(processor: BlipProcessor, text: Pick<TextInputs, 'input_ids'>): TokenRow[] {
  checkProcessor('tokenRows', processor);
  checkArguments('tokenRows', { text: [text, ['input_ids']] });
  checkArguments('tokenRows', { 'text.input_ids': [text.input_ids, ['length', 'subarray']] });
  return Array.from(text.input_ids, (id, position) => ({
    position,
    token_id: Number(id),
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

/**
 * How many samples were loaded, of how many that were asked for.
 *
 * @example
 * sampleLine(await loadVqaSamples('data/vqa-scenes', { count: 300 })) // '300 of 300 samples, 0 skipped'
 * sampleLine(await loadVqaSamples('data/vqa-scenes', { count: 9999 }))
 * // '330 of 9999 samples (it has no more), 0 skipped'
 */
export function sampleLine(loaded: Pick<VqaSamples, 'samples' | 'asked' | 'skipped'>): string {
  checkArguments('sampleLine', { loaded: [loaded, ['samples', 'asked', 'skipped']] });
  const { samples, asked, skipped } = loaded;
  checkArguments('sampleLine', {
    'loaded.samples': [samples, 'list'],
    'loaded.asked': [asked, 'number'],
    'loaded.skipped': [skipped, ['total']],
  });
  const short = samples.length < asked ? ' (it has no more)' : '';
  return `${samples.length} of ${asked} samples${short}, ${skipped.total} skipped`;
}

function shapeOf(dims: readonly number[]): string {
  return `[${dims.join(', ')}]`;
}
