// The contrastive side of BLIP: image and text embeddings in one space, compared by their dot product. Two classes of
// transformers have it, under different names and with different layers.
// Source: BlipForImageTextRetrieval.forward with use_itm_head=False, BlipModel.get_image_features and
// get_text_features.
import type { BlipCheckpoint, BlipConfig, BlipTask } from '../checkpoint';
import type { Value } from '../ir';
import type { BlipGraph } from './blip-graph';

/** How a class names and computes the embeddings. */
export interface ContrastiveLayers {
  /** The text model's tensors begin with this. */
  readonly textModel: 'text_encoder' | 'text_model';
  readonly imageProjection: string;
  readonly textProjection: string;
  /** BlipModel normalizes the class token once more, and takes texts through BERT's pooler. */
  readonly pooled: boolean;
  /** Length of an embedding. */
  readonly size: number;
}

export function contrastiveLayers(config: BlipConfig, task: BlipTask): ContrastiveLayers | undefined {
  if (task === 'image-text-retrieval')
    return {
      textModel: 'text_encoder',
      imageProjection: 'vision_proj',
      textProjection: 'text_proj',
      pooled: false,
      size: config.image_text_hidden_size,
    };
  if (task === 'feature-extraction')
    return {
      textModel: 'text_model',
      imageProjection: 'visual_projection',
      textProjection: 'text_projection',
      pooled: true,
      size: config.projection_dim,
    };
  return undefined;
}

/** Undefined for other tasks, and for a retrieval checkpoint that was saved without its two projections. */
export function featuresOf({ config, task, tensors }: BlipCheckpoint): ContrastiveLayers | undefined {
  const layers = contrastiveLayers(config, task);
  return layers && (layers.pooled || tensors.has(`${layers.imageProjection}.weight`)) ? layers : undefined;
}

/** last_hidden_state [b, tokens, hidden] of the vision model -> image_embeds [b, size], of length 1. */
export function imageEmbeds(g: BlipGraph, last_hidden_state: Value, layers: ContrastiveLayers): Value {
  const { layer_norm_eps } = g.config.vision_config;
  let x = firstToken(g, last_hidden_state, 'class_token');
  if (layers.pooled) x = g.layerNorm(x, 'vision_model.post_layernorm', layer_norm_eps);
  return g.normalizeL2(project(g, x, layers.imageProjection, layers), 'image_embeds');
}

/** last_hidden_state [b, length, hidden] of the text model -> text_embeds [b, size], of length 1. */
export function textEmbeds(g: BlipGraph, last_hidden_state: Value, layers: ContrastiveLayers): Value {
  let x = firstToken(g, last_hidden_state, 'first_word');
  if (layers.pooled) x = g.tanh(g.linear(x, `${layers.textModel}.pooler.dense`), `${layers.textModel}.pooler`);
  return g.normalizeL2(project(g, x, layers.textProjection, layers), 'text_embeds');
}

/** BlipModel's projections have no bias. */
function project(g: BlipGraph, x: Value, name: string, { pooled }: ContrastiveLayers): Value {
  if (!pooled) return g.linear(x, name);
  return g.matmul(x, g.weight(`${name}.weight`), name, { transposeB: true });
}

/** [b, tokens, hidden] -> [b, hidden] */
function firstToken(g: BlipGraph, x: Value, name: string): Value {
  return g.gather(x, g.integers(`${name}/index`, 0), 1, name);
}
