// A checkpoint as table rows: what its two stacks of layers are like, and where its parameters are.
import { checkArguments } from '../core/check-arguments';
import type { BlipCheckpoint, BlipConfig } from '../checkpoint';
import { percent, wholeNumber } from './format-number';

/** One stack of layers: the vision model's, or that of the text models. */
export interface ArchitectureRow {
  readonly part: 'vision' | 'text';
  readonly layers: number;
  /** Numbers in each vector between two layers. */
  readonly hidden: number;
  readonly heads: number;
  readonly input: string;
  /** What the input is cut into. */
  readonly unit: string;
}

/** One part of a checkpoint. */
export interface ParameterRow {
  readonly part: string;
  readonly parameters: string;
  readonly share: string;
}

/** In the order in which data flows; other parts come behind. */
const ORDER: readonly string[] = ['vision_model', 'text_encoder', 'text_model', 'text_decoder'];

/**
 * @example
 * architectureRows(checkpoint.config)[0]
 * // { part: 'vision', layers: 12, hidden: 768, heads: 12, input: '384 x 384 pixels', unit: 'patch of 16 x 16 pixels' }
 */
export function architectureRows(config: BlipConfig): ArchitectureRow[] {
  checkArguments('architectureRows', { config: [config, ['vision_config', 'text_config']] });
  const { vision_config: vision, text_config: text } = config;
  const layers = ['num_hidden_layers', 'hidden_size', 'num_attention_heads'];
  checkArguments('architectureRows', {
    'config.vision_config': [vision, [...layers, 'image_size', 'patch_size']],
    'config.text_config': [text, [...layers, 'max_position_embeddings', 'vocab_size']],
  });
  return [
    {
      part: 'vision',
      layers: vision.num_hidden_layers,
      hidden: vision.hidden_size,
      heads: vision.num_attention_heads,
      input: `${vision.image_size} x ${vision.image_size} pixels`,
      unit: `patch of ${vision.patch_size} x ${vision.patch_size} pixels`,
    },
    {
      part: 'text',
      layers: text.num_hidden_layers,
      hidden: text.hidden_size,
      heads: text.num_attention_heads,
      input: `at most ${text.max_position_embeddings} tokens`,
      unit: `token, one of ${text.vocab_size}`,
    },
  ];
}

/**
 * Parameters by part, in the order in which data flows, and all of them.
 *
 * @example
 * parameterRows(checkpoint)[0] // { part: 'vision_model', parameters: '2,385,024', share: '36.0 %' }
 */
export function parameterRows(checkpoint: Pick<BlipCheckpoint, 'parameterCounts'>): ParameterRow[] {
  checkArguments('parameterRows', { checkpoint: [checkpoint, ['parameterCounts']] });
  checkArguments('parameterRows', { 'checkpoint.parameterCounts': [checkpoint.parameterCounts, 'object'] });
  const place = (part: string): number => (ORDER.includes(part) ? ORDER.indexOf(part) : ORDER.length);
  const counts = Object.entries(checkpoint.parameterCounts).sort(([a], [b]) => place(a) - place(b));
  const all = counts.reduce((sum, [, count]) => sum + count, 0);
  return [...counts, ['all', all] as const].map(([part, count]) => ({
    part,
    parameters: wholeNumber(count),
    share: percent(count / all),
  }));
}
