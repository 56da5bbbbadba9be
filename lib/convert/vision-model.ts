// BLIP's vision model as an OpenVINO graph: a Vision Transformer with normalization before each block (pre-norm).
// Source: transformers' BlipVisionModel.
import type { BlipCheckpoint } from '../checkpoint';
import type { Value } from '../ir';
import { BlipGraph } from './blip-graph';
import { featuresOf, imageEmbeds } from './contrastive-features';
import type { WeightsOptions } from './weights';

/**
 * pixel_values [batch, 3, image_size, image_size] f32 -> last_hidden_state [batch, patches + 1, hidden_size] f32.
 * The first token is the class token. A checkpoint with contrastive features also gives image_embeds [batch, size] f32,
 * each of length 1.
 */
export function visionModel(checkpoint: BlipCheckpoint, weights: WeightsOptions): BlipGraph {
  const g = new BlipGraph('blip_vision_model', checkpoint, weights);
  const { image_size, num_hidden_layers, layer_norm_eps } = g.config.vision_config;
  const pixel_values = g.parameter('pixel_values', 'f32', [-1, 3, image_size, image_size]);
  let x = patchEmbeddings(g, pixel_values);
  for (let i = 0; i < num_hidden_layers; i++) x = encoderLayer(g, x, `vision_model.encoder.layers.${i}`);
  const last_hidden_state = g.layerNorm(x, 'vision_model.post_layernorm', layer_norm_eps);
  g.result('last_hidden_state', last_hidden_state);
  const layers = featuresOf(checkpoint);
  if (layers) g.result('image_embeds', imageEmbeds(g, last_hidden_state, layers));
  return g;
}

/** [b, 3, S, S] -> [b, patches + 1, H]: the class embedding and one embedding per patch, plus position embeddings. */
function patchEmbeddings(g: BlipGraph, pixel_values: Value): Value {
  const { patch_size } = g.config.vision_config;
  const name = 'vision_model.embeddings';
  const kernel = g.weight(`${name}.patch_embedding.weight`);
  const grid = g.convolution(pixel_values, kernel, patch_size, `${name}.patch_embedding/convolution`); // [b, H, g, g]
  const flat = g.reshape(grid, [0, 0, grid.shape[2] * grid.shape[3]], `${name}/flatten`); // [b, H, patches]
  const tokens = g.transpose(flat, [0, 2, 1], `${name}/patches`);
  const patches = g.add(tokens, g.vector(`${name}.patch_embedding.bias`, 3), `${name}.patch_embedding`);
  const classes = classEmbeddings(g, pixel_values, name);
  const embeddings = g.concat([classes, patches], 1, `${name}/tokens`); // [b, patches + 1, H]
  return g.add(embeddings, g.weight(`${name}.position_embedding`), name);
}

/** The class embedding for each image: [b, 1, H]. */
function classEmbeddings(g: BlipGraph, pixel_values: Value, name: string): Value {
  const { hidden_size } = g.config.vision_config;
  const batch = g.sizeOf(pixel_values, 0, `${name}/batch`);
  const shape = g.concat([batch, g.integers(`${name}/class_shape`, [1, hidden_size])], 0, `${name}/class_target`);
  return g.broadcast(g.weight(`${name}.class_embedding`), shape, [-1, 1, hidden_size], `${name}/class`);
}

/** One layer: self-attention and feed-forward network, each on the normalized input and added to it. */
function encoderLayer(g: BlipGraph, x: Value, name: string): Value {
  const { layer_norm_eps, hidden_act } = g.config.vision_config;
  const attended = selfAttention(g, g.layerNorm(x, `${name}.layer_norm1`, layer_norm_eps), `${name}.self_attn`);
  const residual = g.add(x, attended, `${name}/attention_residual`);
  const normalized = g.layerNorm(residual, `${name}.layer_norm2`, layer_norm_eps);
  const output = g.feedForward(normalized, [`${name}.mlp.fc1`, `${name}.mlp.fc2`], hidden_act);
  return g.add(residual, output, `${name}/mlp_residual`);
}

/**
 * x [b, l, H] -> [b, l, H]. Query, key and value come from one matrix, as the checkpoint stores them.
 *
 * Written out instead of as ScaledDotProductAttention, for which the CPU plugin transposes the keys once more
 * (docs/decisions/003-vision-attention-written-out.md).
 */
function selfAttention(g: BlipGraph, x: Value, name: string): Value {
  const { hidden_size, num_attention_heads: heads } = g.config.vision_config;
  const size = hidden_size / heads;
  const qkv = g.reshape(g.linear(x, `${name}.qkv`), [0, 0, 3, heads, size], `${name}/split_qkv`); // [b, l, 3, h, d]
  const stacked = g.transpose(qkv, [2, 0, 3, 1, 4], `${name}/stack_qkv`); // [3, b, h, l, d]
  const [query, key, value] = g
    .split(stacked, 0, 3, `${name}/qkv_parts`)
    .map((part, i) => g.squeeze(part, 0, `${name}/${['query', 'key', 'value'][i]}`)); // [b, h, l, d]
  const scaledQuery = g.multiply(query, g.float(`${name}/scale`, size ** -0.5), `${name}/scaled_query`);
  const scores = g.matmul(scaledQuery, key, `${name}/scores`, { transposeB: true }); // [b, h, l, l]
  const probabilities = g.softmax(scores, `${name}/probabilities`);
  const context = g.matmul(probabilities, value, `${name}/attention`); // [b, h, l, d]
  return g.linear(g.mergeHeads(context, name), `${name}.projection`);
}
