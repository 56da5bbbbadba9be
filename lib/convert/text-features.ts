// BLIP's text encoder without an image, as an OpenVINO graph: texts become embeddings that are compared with those of
// images.
import type { BlipCheckpoint } from '../checkpoint';
import { additiveMask } from './attention-masks';
import { BlipGraph } from './blip-graph';
import { featuresOf, textEmbeds } from './contrastive-features';
import { selfAttention, textEmbeddings, textLayer } from './text-layers';
import type { WeightsOptions } from './weights';

/**
 * input_ids [batch, length] i64, attention_mask [batch, length] i64 -> text_embeds [batch, size] f32, each of length 1.
 * The layers are those of the text encoder without cross-attention, which the text encoder's graph has in every layer:
 * so this is a graph of its own, with a copy of the weights.
 */
export function textFeatures(checkpoint: BlipCheckpoint, weights: WeightsOptions): BlipGraph {
  const layers = featuresOf(checkpoint);
  if (!layers) throw new TypeError(`${checkpoint.folder} has no projections`); // graphsOf asked before
  const g = new BlipGraph('blip_text_features', checkpoint, weights);
  const input_ids = g.parameter('input_ids', 'i64', [-1, -1]);
  const attention_mask = g.parameter('attention_mask', 'i64', [-1, -1]);
  const length = g.squeeze(g.sizeOf(input_ids, 1, 'length'), 0, 'length_scalar');
  // [1, length]
  const position_ids = g.unsqueeze(g.range(g.integers('zero', 0), length, 'positions'), [0], 'position_ids');
  const mask = additiveMask(g, attention_mask, 'self_mask'); // [b, 1, 1, length]
  let x = textEmbeddings(g, input_ids, position_ids, `${layers.textModel}.embeddings`); // [b, length, H]
  for (let i = 0; i < g.config.text_config.num_hidden_layers; i++)
    x = textLayer(g, x, `${layers.textModel}.encoder.layer.${i}`, {
      self: (states, name) => selfAttention(g, states, name, { mask }),
    });
  g.result('text_embeds', textEmbeds(g, x, layers));
  return g;
}
