// BLIP's vision model as an OpenVINO graph: a Vision Transformer with normalization before each block.
// Source: transformers' BlipVisionModel.
import type { BlipCheckpoint } from '../checkpoint';
import * as op from '../ir';
import { Graph, type Value } from '../ir';
import { feedForward, layerNorm, linear, mergeHeads } from './layers';
import { Weights } from './weights';

/**
 * pixel_values [batch, 3, image_size, image_size] f32 -> last_hidden_state [batch, patches + 1, hidden_size] f32.
 * The first of the tokens is the class token.
 */
export function visionModel(checkpoint: BlipCheckpoint, compressToFP16: boolean): { graph: Graph; parameters: number } {
  const { image_size, num_hidden_layers, layer_norm_eps } = checkpoint.config.vision_config;
  const graph = new Graph('blip_vision_model');
  const weights = new Weights(graph, checkpoint, compressToFP16);
  const pixel_values = graph.parameter('pixel_values', 'f32', [-1, 3, image_size, image_size]);
  let x = embedPatches(weights, pixel_values);
  for (let i = 0; i < num_hidden_layers; i++) x = encoderLayer(weights, x, `vision_model.encoder.layers.${i}`);
  graph.result('last_hidden_state', layerNorm(weights, x, 'vision_model.post_layernorm', layer_norm_eps));
  return { graph, parameters: weights.parameters };
}

/** [b, 3, S, S] -> [b, patches + 1, H]: one vector per patch, a class vector in front, positions added. */
function embedPatches(weights: Weights, pixel_values: Value): Value {
  const { graph } = weights;
  const { hidden_size, patch_size } = weights.checkpoint.config.vision_config;
  const name = 'vision_model.embeddings';
  const grid = op.convolution(
    graph,
    pixel_values,
    weights.get(`${name}.patch_embedding.weight`),
    patch_size,
    `${name}.patch_embedding/convolution`,
  ); // [b, H, g, g]
  const rows = op.reshape(graph, grid, [0, 0, grid.shape[2] * grid.shape[3]], `${name}/flatten`); // [b, H, patches]
  const patches = op.add(
    graph,
    op.transpose(graph, rows, [0, 2, 1], `${name}/patches`),
    weights.vector(`${name}.patch_embedding.bias`, 3),
    `${name}.patch_embedding`,
  );
  const batch = op.sizeOf(graph, pixel_values, 0, `${name}/batch`);
  const shape = op.concat(
    graph,
    [batch, graph.integers(`${name}/class_shape`, [1, hidden_size])],
    0,
    `${name}/class_target`,
  );
  const classes = op.broadcast(
    graph,
    weights.get(`${name}.class_embedding`),
    shape,
    [-1, 1, hidden_size],
    `${name}/class`,
  );
  const tokens = op.concat(graph, [classes, patches], 1, `${name}/tokens`); // [b, patches + 1, H]
  return op.add(graph, tokens, weights.get(`${name}.position_embedding`), name);
}

function encoderLayer(weights: Weights, x: Value, name: string): Value {
  const { graph } = weights;
  const { layer_norm_eps, hidden_act } = weights.checkpoint.config.vision_config;
  const attended = selfAttention(
    weights,
    layerNorm(weights, x, `${name}.layer_norm1`, layer_norm_eps),
    `${name}.self_attn`,
  );
  const middle = op.add(graph, x, attended, `${name}/attention_residual`);
  const mixed = feedForward(
    weights,
    layerNorm(weights, middle, `${name}.layer_norm2`, layer_norm_eps),
    `${name}.mlp.fc1`,
    `${name}.mlp.fc2`,
    hidden_act,
  );
  return op.add(graph, middle, mixed, `${name}/mlp_residual`);
}

/**
 * Queries, keys and values come from one matrix, as the checkpoint stores them.
 * Attention is written out: as ScaledDotProductAttention the CPU plugin adds a transposition of the keys. Of BLIP-base's 253 ms at bf16
 * that saves 5 %, at INT8 3 % (OpenVINO 2026.4.1).
 */
function selfAttention(weights: Weights, x: Value, name: string): Value {
  const { graph } = weights;
  const { hidden_size, num_attention_heads: heads } = weights.checkpoint.config.vision_config;
  const qkv = op.reshape(
    graph,
    linear(weights, x, `${name}.qkv`),
    [0, 0, 3, heads, hidden_size / heads],
    `${name}/split_qkv`,
  ); // [b, l, 3, h, d]
  const stacked = op.transpose(graph, qkv, [2, 0, 3, 1, 4], `${name}/stack_qkv`); // [3, b, h, l, d]
  const [query, key, value] = op
    .split(graph, stacked, 0, 3, `${name}/qkv_parts`)
    .map((part, i) => op.squeeze(graph, part, 0, `${name}/${['query', 'key', 'value'][i]}`));
  const scaled = op.multiply(
    graph,
    query,
    graph.float(`${name}/scale`, (hidden_size / heads) ** -0.5),
    `${name}/scaled_query`,
  );
  const scores = op.matmul(graph, scaled, key, `${name}/scores`, { transposeB: true }); // [b, h, l, l]
  const context = op.matmul(graph, op.softmax(graph, scores, `${name}/probabilities`), value, `${name}/attention`); // [b, h, l, d]
  return linear(weights, mergeHeads(weights, context, name), `${name}.projection`);
}
