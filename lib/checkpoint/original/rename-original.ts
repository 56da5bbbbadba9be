// Salesforce's original checkpoints (.pth), whose tensors have the names of the original repository, as transformers
// names them. Sources: transformers' convert_blip_original_pytorch_to_hf.py (the names), Salesforce's models/*.py (what
// else the files hold).
import type { CheckpointTensor } from '../checkpoint-tensor';
import { CheckpointError } from '../errors';
import { renameTensors } from '../unwrap-names';

type Tensors = ReadonlyMap<string, CheckpointTensor>;

const VISION = 'visual_encoder.';
/**
 * The vision model's own names; those of the text models are transformers' already. In this order: the first that fits
 * is taken.
 */
const VISION_NAMES: readonly (readonly [RegExp, string])[] = [
  [/^patch_embed\.proj\./, 'embeddings.patch_embedding.'],
  [/^pos_embed$/, 'embeddings.position_embedding'],
  [/^cls_token$/, 'embeddings.class_embedding'],
  [/^norm\./, 'post_layernorm.'],
  [/^blocks\.(\d+)\.norm([12])\./, 'encoder.layers.$1.layer_norm$2.'],
  [/^blocks\.(\d+)\.attn\.qkv\./, 'encoder.layers.$1.self_attn.qkv.'],
  [/^blocks\.(\d+)\.attn\.proj\./, 'encoder.layers.$1.self_attn.projection.'],
  [/^blocks\.(\d+)\.mlp\./, 'encoder.layers.$1.mlp.'],
];
/** Kept for training on: momentum copies of the encoders. */
const MOMENTUM = /^(visual_encoder|text_encoder|vision_proj|text_proj)_m\./;
/** The same: queues of features, and the temperature of the contrastive loss. */
const TRAINING = ['image_queue', 'text_queue', 'idx_queue', 'ptr_queue', 'queue_ptr', 'temp'];
/** The head of the fourth task, whose text encoder looks at two images. */
const NLVR_HEAD = 'cls_head.';

/** Whether tensors have the original repository's names. */
export function isOriginal(tensors: Tensors): boolean {
  return [...tensors.keys()].some((name) => name.startsWith(VISION));
}

/**
 * @param path names the file in errors
 * @throws {CheckpointError} for an NLVR2 checkpoint
 */
export function renameOriginal(tensors: Tensors, path: string): Tensors {
  if ([...tensors.keys()].some((name) => name.startsWith(NLVR_HEAD)))
    throw new CheckpointError(
      `${path}: a checkpoint for NLVR2 (it has ${NLVR_HEAD}*), whose task this library does not do. ` +
        'Choose one for captions, visual question answering or retrieval.',
    );
  return renameTensors(tensors, (name) => {
    if (MOMENTUM.test(name) || TRAINING.includes(name)) return undefined;
    if (!name.startsWith(VISION)) return name;
    const own = name.slice(VISION.length);
    const [pattern, replacement] = VISION_NAMES.find(([each]) => each.test(own)) ?? [/^/, ''];
    return `vision_model.${own.replace(pattern, replacement)}`;
  });
}
