// Inputs against the model they are given to, before anything native reads them: a wrong shape or a foreign token id would
// otherwise surface as an error deep in the runtime, or as a wrong answer.
import type { BlipConfig } from '../checkpoint';
import { BlipError } from '../core/errors';

/** A model folder lacks something, or an input does not fit the model. */
export class BlipModelError extends BlipError {}

/** A tensor as it is given: its numbers, row by row, and its shape. */
interface Given {
  readonly data: Float32Array;
  readonly dims: readonly number[];
}

/** Pictures: [batch, 3, image_size, image_size] f32. */
export function checkPixelValues(pixel_values: Given, { vision_config }: BlipConfig, folder: string): void {
  const { image_size: size } = vision_config;
  check(
    'pixel_values',
    pixel_values,
    `[batch, 3, ${size}, ${size}]`,
    ['batch', 3, size, size],
    `Use the BlipProcessor of ${folder}.`,
  );
}

/** Encoded pictures: [batch, tokens, vision hidden size] f32. */
export function checkImageEmbeds(image_embeds: Given, { vision_config }: BlipConfig, folder: string): void {
  const { hidden_size } = vision_config;
  check(
    'image_embeds',
    image_embeds,
    `[batch, tokens, ${hidden_size}]`,
    ['batch', 'tokens', hidden_size],
    `Use what encodeImage of ${folder} gave.`,
  );
}

function check(
  name: string,
  given: Given | undefined,
  wanted: string,
  shape: readonly (number | string)[],
  advice: string,
): void {
  if (typeof given !== 'object' || given === null)
    throw new BlipModelError(`${name} are ${String(given)}, expected { data, dims } of ${wanted}. ${advice}`);
  const { data, dims } = given;
  const fits =
    Array.isArray(dims) &&
    dims.length === shape.length &&
    dims.every((dim, i) => Number.isSafeInteger(dim) && dim > 0 && (typeof shape[i] === 'string' || dim === shape[i]));
  if (!fits)
    throw new BlipModelError(`${name} are [${String(dims).replace(/,/g, ', ')}], expected ${wanted}. ${advice}`);
  if (!(data instanceof Float32Array))
    throw new BlipModelError(`${name}.data is ${kindOf(data)}, expected a Float32Array. ${advice}`);
  const length = dims.reduce((product, dim) => product * dim, 1);
  if (data.length !== length)
    throw new BlipModelError(
      `${name}.data has ${data.length} numbers, expected ${length} for [${dims.join(', ')}]. ${advice}`,
    );
}

/** Rows of token ids: [rows, length] i64 each. Without `dims` it is one row. */
export interface Tokens {
  readonly input_ids: BigInt64Array;
  readonly attention_mask?: BigInt64Array;
  readonly dims?: readonly [number, number];
}

/**
 * @returns rows and tokens per row
 * @throws {BlipModelError} when ids, mask and shape do not fit together, or an id or the length lies beyond the model's tables
 */
export function checkTokens(
  { input_ids, attention_mask, dims }: Tokens,
  { text_config }: BlipConfig,
  folder: string,
): readonly [rows: number, length: number] {
  const { vocab_size, max_position_embeddings } = text_config;
  const advice = `Use the BlipProcessor of ${folder}: { ...processor.text(question) } passes input_ids, attention_mask and dims.`;
  for (const [name, value] of Object.entries({ input_ids, attention_mask: attention_mask ?? input_ids }))
    if (!(value instanceof BigInt64Array))
      throw new BlipModelError(`${name} is ${kindOf(value)}, expected a BigInt64Array. ${advice}`);
  const [rows, length] = dims ?? [1, input_ids.length];
  if (
    !Number.isSafeInteger(rows) ||
    !Number.isSafeInteger(length) ||
    rows < 1 ||
    length < 1 ||
    rows * length !== input_ids.length
  )
    throw new BlipModelError(
      `input_ids has ${input_ids.length} tokens and dims [${rows}, ${length}], expected dims [rows, tokens per row]. ${advice}`,
    );
  if (attention_mask && attention_mask.length !== input_ids.length)
    throw new BlipModelError(
      `attention_mask has ${attention_mask.length} numbers, expected ${input_ids.length}, one per token of input_ids. ${advice}`,
    );
  if (length > max_position_embeddings)
    throw new BlipModelError(
      `input_ids has ${length} tokens per row, but the model has positions for ${max_position_embeddings}. ` +
        `${dims ? '' : 'For several rows give dims. '}${advice}`,
    );
  const foreign = input_ids.find((id) => id < 0n || id >= BigInt(vocab_size));
  if (foreign !== undefined)
    throw new BlipModelError(
      `input_ids holds ${foreign}, expected 0 to ${vocab_size - 1}, the model's vocabulary. ${advice}`,
    );
  return [rows, length];
}

function kindOf(value: unknown): string {
  return typeof value === 'object' && value !== null ? `a ${value.constructor.name}` : String(value);
}
