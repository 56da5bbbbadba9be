// Compares what config.json asks for with what the weights hold in all, before any work depends on it: a layer count of
// 100,000 would otherwise be noticed by the time it takes. Whether every tensor fits is looked at in the conversion.
import type { BlipConfig } from './blip-config';
import type { CheckpointTensor } from './checkpoint-tensor';
import { CheckpointError } from './errors';

interface Need {
  readonly field: string;
  readonly value: number;
  /** The tensors that it is a size of, and how many values these have. */
  readonly tensor: string;
  readonly values: number;
}

/**
 * @param file the configuration's, for messages
 * @throws {CheckpointError} that names the field and the tensor, when a part of the model alone has more values than
 *   all weights
 */
export function checkConfigSize(
  config: BlipConfig,
  tensors: ReadonlyMap<string, CheckpointTensor>,
  file: string,
): void {
  let held = 0;
  for (const { shape } of tensors.values()) held += shape.reduce((product, dim) => product * dim, 1);
  for (const { field, value, tensor, values } of needsOf(config)) {
    if (values <= held) continue;
    throw new CheckpointError(
      `${file}: with ${field} ${value}, ${tensor} has ${values} values, but all weights together have ${held}. ` +
        'Check that config.json and the weights belong together.',
    );
  }
}

function needsOf({ vision_config: vision, text_config: text }: BlipConfig): Need[] {
  const needs: Need[] = [];
  const add = (part: string, field: string, value: number, [tensor, values]: readonly [string, number]): unknown =>
    needs.push({ field: `${part}.${field}`, value, tensor, values });
  for (const [part, config] of [
    ['vision_config', vision],
    ['text_config', text],
  ] as const) {
    const layer = part === 'vision_config' ? 'vision_model.encoder.layers' : 'encoder.layer';
    const { hidden_size: hidden, intermediate_size: intermediate, num_hidden_layers: layers } = config;
    add(part, 'hidden_size', hidden, [`${layer}.0's attention`, 4 * hidden ** 2]);
    add(part, 'intermediate_size', intermediate, [`${layer}.0's MLP`, 2 * hidden * intermediate]);
    const perLayer = 4 * hidden ** 2 + 2 * hidden * intermediate;
    add(part, 'num_hidden_layers', layers, [`${layer}.0 to ${layer}.${layers - 1}`, layers * perLayer]);
  }
  const patches = Math.floor(vision.image_size / vision.patch_size) ** 2;
  const embeddings = 'vision_model.embeddings';
  add('vision_config', 'patch_size', vision.patch_size, [
    `${embeddings}.patch_embedding.weight`,
    3 * vision.hidden_size * vision.patch_size ** 2,
  ]);
  add('vision_config', 'image_size', vision.image_size, [
    `${embeddings}.position_embedding`,
    (patches + 1) * vision.hidden_size,
  ]);
  const words = text.vocab_size * text.hidden_size;
  add('text_config', 'vocab_size', text.vocab_size, ['embeddings.word_embeddings.weight', words]);
  add('text_config', 'max_position_embeddings', text.max_position_embeddings, [
    'embeddings.position_embeddings.weight',
    text.max_position_embeddings * text.hidden_size,
  ]);
  return needs;
}
