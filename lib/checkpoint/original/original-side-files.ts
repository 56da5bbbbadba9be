// The side files of an original checkpoint (.pth), which is one file of weights alone: config.json and
// preprocessor_config.json, from the shapes of its tensors and from what the original repository fixes in its code.
import type { CheckpointTensor } from '../checkpoint-tensor';
import { CheckpointError } from '../errors';

type Tensors = ReadonlyMap<string, CheckpointTensor>;
type Json = Readonly<Record<string, unknown>>;

/** models/vit.py: 12 heads of 768, 16 of 1024. configs/med_config.json: 12 of 768. */
const HEAD_SIZE = 64;
/** models/vit.py. (The checkpoints on the hub say 1e-5, transformers' default.) */
const VISION_LAYER_NORM_EPS = 1e-6;
/** configs/med_config.json. */
const TEXT_LAYER_NORM_EPS = 1e-12;
/** bert-base-uncased's vocabulary with [DEC] (30522) and [ENC] (30523). */
const VOCABULARY = { vocab_size: 30524, bos_token_id: 30522, eos_token_id: 2, pad_token_id: 0, sep_token_id: 102 };
/** What the original repository's `transforms` do, in the words of transformers' BlipImageProcessor. */
const IMAGE_PROCESSOR = {
  image_processor_type: 'BlipImageProcessor',
  do_resize: true,
  resample: 3, // bicubic
  do_rescale: true,
  rescale_factor: 1 / 255,
  do_normalize: true,
  image_mean: [0.48145466, 0.4578275, 0.40821073],
  image_std: [0.26862954, 0.26130258, 0.27577711],
};

const POSITIONS = 'vision_model.embeddings.position_embedding'; // [1, patches + 1, hidden]
const PATCHES = 'vision_model.embeddings.patch_embedding.weight'; // [hidden, 3, patch, patch]

/** The shapes of a checkpoint's tensors, asked for by name. */
class Shapes {
  constructor(
    readonly tensors: Tensors,
    readonly path: string,
  ) {}

  /** The size of one axis. */
  size(name: string, axis: number): number {
    const size = this.tensors.get(name)?.shape[axis];
    if (size === undefined)
      throw new CheckpointError(
        `${this.path}: ${this.tensors.has(name) ? `"${name}" has no axis ${axis}` : `no tensor "${name}"`}, ` +
          'which every checkpoint of BLIP has. Is this one?',
      );
    return size;
  }

  /** How many layers there are under this prefix. */
  layers(prefix: string): number {
    const layers = [...this.tensors.keys()]
      .filter((name) => name.startsWith(prefix))
      .map((name) => name.slice(prefix.length).split('.')[0]);
    return new Set(layers).size;
  }

  fail(problem: string): never {
    throw new CheckpointError(
      `${this.path}: ${problem} Put a config.json in Hugging Face format beside the file, which says what its ` +
        'shapes do not.',
    );
  }
}

/**
 * The side of the images that the vision model takes, from its position embedding: 480 pixels have 900 patches, 384
 * have 576.
 */
export function imageSizeOf(tensors: Tensors, path: string): number {
  const shapes = new Shapes(tensors, path);
  const patches = shapes.size(POSITIONS, 1) - 1;
  const perSide = Math.sqrt(patches);
  if (!Number.isInteger(perSide) || patches < 1)
    throw new CheckpointError(
      `${path}: the position embedding has ${patches + 1} rows, expected one for the image and one for each of a ` +
        'square number of patches.',
    );
  return perSide * shapes.size(PATCHES, 2);
}

/**
 * What config.json would say.
 *
 * @param architecture transformers' class for the task
 * @throws {CheckpointError} when the shapes leave something open: heads of another size than BLIP's, another vocabulary
 */
export function deriveConfig(tensors: Tensors, architecture: string, path: string): Json {
  const shapes = new Shapes(tensors, path);
  const text = [...tensors.keys()].some((name) => name.startsWith('text_decoder.'))
    ? 'text_decoder.bert'
    : 'text_encoder';
  const textHidden = shapes.size(`${text}.embeddings.word_embeddings.weight`, 1);
  const visionHidden = shapes.size(PATCHES, 0);
  const heads = (hidden: number, what: string): number =>
    hidden % HEAD_SIZE === 0
      ? hidden / HEAD_SIZE
      : shapes.fail(
          `the ${what} model's hidden size is ${hidden}, expected a multiple of ${HEAD_SIZE} (the size of BLIP's ` +
            'attention heads).',
        );
  const vocab_size = shapes.size(`${text}.embeddings.word_embeddings.weight`, 0);
  if (vocab_size < VOCABULARY.vocab_size)
    shapes.fail(`the vocabulary has ${vocab_size} words, expected at least BLIP's ${VOCABULARY.vocab_size}.`);
  return {
    architectures: [architecture],
    model_type: 'blip',
    image_text_hidden_size: tensors.has('vision_proj.weight') ? shapes.size('vision_proj.weight', 0) : 256,
    text_config: {
      ...VOCABULARY,
      vocab_size,
      model_type: 'blip_text_model',
      hidden_size: textHidden,
      encoder_hidden_size: visionHidden,
      intermediate_size: shapes.size(`${text}.encoder.layer.0.intermediate.dense.weight`, 0),
      num_hidden_layers: shapes.layers(`${text}.encoder.layer.`),
      num_attention_heads: heads(textHidden, 'text'),
      max_position_embeddings: shapes.size(`${text}.embeddings.position_embeddings.weight`, 0),
      hidden_act: 'gelu',
      layer_norm_eps: TEXT_LAYER_NORM_EPS,
    },
    vision_config: {
      model_type: 'blip_vision_model',
      hidden_size: visionHidden,
      intermediate_size: shapes.size('vision_model.encoder.layers.0.mlp.fc1.weight', 0),
      num_hidden_layers: shapes.layers('vision_model.encoder.layers.'),
      num_attention_heads: heads(visionHidden, 'vision'),
      image_size: imageSizeOf(tensors, path),
      patch_size: shapes.size(PATCHES, 2),
      hidden_act: 'gelu',
      layer_norm_eps: VISION_LAYER_NORM_EPS,
    },
  };
}

/** A config.json that lies beside the file, with the size of the images that the file says. */
export function withImageSize(config: Json, size: number): Json {
  const vision = config.vision_config;
  return { ...config, vision_config: { ...(typeof vision === 'object' ? vision : {}), image_size: size } };
}

/**
 * What preprocessor_config.json would say: the settings that lie beside the file, or else BLIP's, for images of this
 * size.
 */
export function deriveImageProcessor(settings: Json | undefined, size: number): Json {
  return { ...(settings ?? IMAGE_PROCESSOR), size: { height: size, width: size } };
}
