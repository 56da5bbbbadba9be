// Checks inputs against the model before native code reads them: a wrong shape or a token id outside the vocabulary
// would otherwise be an error deep in the runtime, or a wrong answer.
import type { BlipConfig } from '../checkpoint';
import { describeValue } from '../core/describe-value';
import { BlipError } from '../core/errors';

/** A file of a model folder is missing, or an input does not fit the model. */
export class BlipModelError extends BlipError {}

/** A tensor as the caller gives it: its numbers, row by row, and its shape. */
interface TensorInput {
  readonly data: Float32Array;
  readonly dims: readonly number[];
}

/** What a tensor must be. */
interface Expected {
  readonly name: string;
  /** Sizes, or the name of a size that may be any number above 0. */
  readonly shape: readonly (number | string)[];
  readonly advice: string;
}

/** Images: [batch, 3, image_size, image_size] f32. */
export function checkPixelValues(pixel_values: TensorInput, { vision_config }: BlipConfig, folder: string): void {
  const { image_size } = vision_config;
  checkTensorInput(pixel_values, {
    name: 'pixel_values',
    shape: ['batch', 3, image_size, image_size],
    advice: `Use the BlipProcessor of ${folder}.`,
  });
}

/** Encoded images: [batch, tokens, vision hidden size] f32. */
export function checkImageEmbeds(image_embeds: TensorInput, { vision_config }: BlipConfig, folder: string): void {
  checkTensorInput(image_embeds, {
    name: 'image_embeds',
    shape: ['batch', 'tokens', vision_config.hidden_size],
    advice: `Use what encodeImage of ${folder} returned.`,
  });
}

function checkTensorInput(input: TensorInput | undefined, { name, shape, advice }: Expected): void {
  const expected = `[${shape.join(', ')}]`;
  if (typeof input !== 'object' || input === null)
    throw new BlipModelError(`${name} is ${describeValue(input)}, expected { data, dims } of ${expected}. ${advice}`);
  const { data, dims } = input;
  const fits =
    Array.isArray(dims) &&
    dims.length === shape.length &&
    dims.every((dim, i) => Number.isSafeInteger(dim) && dim > 0 && (typeof shape[i] === 'string' || dim === shape[i]));
  if (!fits) throw new BlipModelError(`${name}.dims is ${describeValue(dims)}, expected ${expected}. ${advice}`);
  if (!(data instanceof Float32Array))
    throw new BlipModelError(`${name}.data is ${kindOf(data)}, expected a Float32Array. ${advice}`);
  const length = dims.reduce((product, dim) => product * dim, 1);
  if (data.length !== length)
    throw new BlipModelError(
      `${name}.data has ${data.length} numbers, expected ${length} for [${dims.join(', ')}]. ${advice}`,
    );
}

/** Token ids and mask, [rows, length] i64 each. Without `dims` there is one row. */
export interface Tokens {
  readonly input_ids: BigInt64Array;
  readonly attention_mask?: BigInt64Array;
  readonly dims?: readonly [number, number];
}

/**
 * @returns rows and tokens per row
 * @throws {BlipModelError} when ids, mask and shape do not fit together, or an id or the length is beyond the model's
 *   embeddings
 */
export function checkTokens(
  { input_ids, attention_mask, dims }: Tokens,
  { text_config }: BlipConfig,
  folder: string,
): readonly [rows: number, length: number] {
  const { vocab_size, max_position_embeddings } = text_config;
  const advice =
    `Use the BlipProcessor of ${folder}: { ...processor.text(question) } passes input_ids, ` +
    `attention_mask and dims.`;
  for (const [name, value] of Object.entries({ input_ids, attention_mask: attention_mask ?? input_ids }))
    if (!(value instanceof BigInt64Array))
      throw new BlipModelError(`${name} is ${kindOf(value)}, expected a BigInt64Array. ${advice}`);
  const [rows, length] = dims ?? [1, input_ids.length];
  const isSize = (size: number): boolean => Number.isSafeInteger(size) && size > 0;
  if (!isSize(rows) || !isSize(length) || rows * length !== input_ids.length)
    throw new BlipModelError(
      `input_ids has ${input_ids.length} tokens and dims ${describeValue(dims ?? [1, input_ids.length])}, ` +
        `expected dims [rows, tokens per row]. ${advice}`,
    );
  if (attention_mask && attention_mask.length !== input_ids.length)
    throw new BlipModelError(
      `attention_mask has ${attention_mask.length} numbers, expected ${input_ids.length}, one per token of ` +
        `input_ids. ${advice}`,
    );
  if (length > max_position_embeddings)
    throw new BlipModelError(
      `input_ids has ${length} tokens per row, but the model has positions for ${max_position_embeddings}. ` +
        `${dims ? '' : 'For several rows give dims. '}${advice}`,
    );
  const unknown = input_ids.find((id) => id < 0n || id >= BigInt(vocab_size));
  if (unknown !== undefined)
    throw new BlipModelError(
      `input_ids contains ${unknown}, expected 0 to ${vocab_size - 1}, the model's vocabulary. ${advice}`,
    );
  return [rows, length];
}

function kindOf(value: unknown): string {
  return typeof value === 'object' && typeof value?.constructor?.name === 'string'
    ? `a ${value.constructor.name}`
    : describeValue(value);
}
