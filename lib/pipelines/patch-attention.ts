// Attention over image tokens as a small image: one number for each patch, in the grid that the image was cut into.
import { describeValue } from '../core/describe-value';
import type { BlipConfig } from '../checkpoint';
import { PipelineError } from './pipeline-error';

/**
 * Attention over the patches of an image, averaged over heads. The image was squashed to a square first, so that the
 * grid covers the whole image, whatever its shape.
 */
export interface PatchAttention {
  /** [rows, columns] f32, the top row first. Together with `class_token` they add up to 1. */
  readonly data: Float32Array;
  readonly rows: number;
  readonly columns: number;
  /** What went to the class token, which stands for the whole image and for no place in it. */
  readonly class_token: number;
}

export interface AttentionOptions {
  /** Which layer's attention: 0 is the first, -1, the default, the last. */
  readonly layer?: number;
  /** Which heads are averaged: all by default. */
  readonly heads?: readonly number[];
}

/** Probabilities of several layers and heads over the last axis: [layers, heads, ..., source]. */
interface Probabilities {
  readonly data: Float32Array;
  readonly dims: readonly number[];
}

/**
 * One layer, averaged over heads: [layers, heads, rows, source] -> `rows` arrays of `source` numbers.
 * @throws {PipelineError} when the model does not have the layer or a head
 */
export function averageHeads(
  { data, dims }: Probabilities,
  rows: number,
  { layer = -1, heads }: AttentionOptions,
): Float32Array[] {
  const [layers, count] = dims;
  const source = dims[dims.length - 1];
  const index = layer < 0 ? layers + layer : layer;
  if (!Number.isSafeInteger(layer) || index < 0 || index >= layers)
    throw new PipelineError(
      `layer is ${describeValue(layer)}, expected 0 to ${layers - 1}, or -1 to -${layers} from the end.`,
    );
  const chosen = heads ?? Array.from({ length: count }, (_, head) => head);
  if (!Array.isArray(chosen) || chosen.length === 0)
    throw new PipelineError(`heads is ${describeValue(heads)}, expected a list such as [0, 3].`);
  const wrong = chosen.findIndex((head) => !Number.isSafeInteger(head) || head < 0 || head >= count);
  if (wrong >= 0)
    throw new PipelineError(`heads[${wrong}] is ${describeValue(chosen[wrong])}, expected 0 to ${count - 1}.`);
  return Array.from({ length: rows }, (_, row) => {
    const sum = new Float64Array(source);
    for (const head of chosen) {
      const from = ((index * count + head) * rows + row) * source;
      for (let i = 0; i < source; i++) sum[i] += data[from + i];
    }
    return Float32Array.from(sum, (value) => value / chosen.length);
  });
}

/** Attention over the class token and the patches -> a grid. @throws {PipelineError} when they do not fit the model */
export function patchAttention(attention: Float32Array, { vision_config }: BlipConfig): PatchAttention {
  const size = Math.floor(vision_config.image_size / vision_config.patch_size);
  if (attention.length !== size * size + 1)
    throw new PipelineError(
      `The image embeddings have ${attention.length} tokens, expected ${size * size + 1}: a class token and ` +
        `${size} x ${size} patches. Use what encodeImage of this model returned.`,
    );
  return { data: attention.slice(1), rows: size, columns: size, class_token: attention[0] };
}
