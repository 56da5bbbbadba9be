// BLIP's image-grounded text encoder as an OpenVINO graph: reads a question while looking at a picture.
import type { BlipCheckpoint } from '../checkpoint';
import * as op from '../ir';
import { Graph } from '../ir';
import { additiveMask, linear } from './layers';
import { lookAtStates, preparedStates } from './absorbed-cross-attention';
import { embedTokens, selfAttention, textLayer } from './text-layers';
import { Weights } from './weights';

/**
 * input_ids [batch, length] i64, attention_mask [batch, length] i64,
 * encoder_hidden_states [batch or 1, tokens, vision hidden] f32, encoder_attention_mask [batch or 1, tokens] i64
 * -> last_hidden_state [batch, length, hidden_size] f32,
 * and of a retrieval checkpoint itm_score [batch, 2] f32: logits of "the text does not belong to the picture" and "it does".
 *
 * One picture may serve a batch of questions.
 * Hugging Face's cross-attention ignores encoder_attention_mask (transformers 5.23); here it is applied.
 */
export function textEncoder(checkpoint: BlipCheckpoint, compressToFP16: boolean): { graph: Graph; parameters: number } {
  const { num_hidden_layers, encoder_hidden_size } = checkpoint.config.text_config;
  const graph = new Graph('blip_text_encoder');
  const weights = new Weights(graph, checkpoint, compressToFP16);
  const input_ids = graph.parameter('input_ids', 'i64', [-1, -1]);
  const attention_mask = graph.parameter('attention_mask', 'i64', [-1, -1]);
  const states = graph.parameter('encoder_hidden_states', 'f32', [-1, -1, encoder_hidden_size]);
  const stateMask = graph.parameter('encoder_attention_mask', 'i64', [-1, -1]);

  const length = op.squeeze(graph, op.sizeOf(graph, input_ids, 1, 'length'), 0, 'length_scalar');
  const position_ids = op.unsqueeze(
    graph,
    op.range(graph, graph.integers('zero', 0), length, 'positions'),
    [0],
    'position_ids',
  ); // [1, length]
  const mask = additiveMask(weights, attention_mask, 'self_mask'); // [b, 1, 1, length]
  const looked = preparedStates(weights, states, stateMask);
  let x = embedTokens(weights, input_ids, position_ids, 'text_encoder.embeddings'); // [b, length, H]
  for (let i = 0; i < num_hidden_layers; i++)
    x = textLayer(
      weights,
      x,
      `text_encoder.encoder.layer.${i}`,
      (tokens, block) => selfAttention(weights, tokens, mask, block),
      (tokens, block) => lookAtStates(weights, tokens, looked, block),
    );
  graph.result('last_hidden_state', x);
  if (checkpoint.task === 'image-text-retrieval')
    graph.result(
      'itm_score',
      linear(weights, op.gather(graph, x, graph.integers('first', 0), 1, 'first_word'), 'itm_head'),
    );
  return { graph, parameters: weights.parameters };
}
