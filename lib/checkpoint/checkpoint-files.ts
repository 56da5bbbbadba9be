// The files of a BLIP checkpoint in Hugging Face's format, and of the model folder made from it: the only place that
// lists them.

export interface CheckpointFile {
  readonly name: string;
  /** Without it the folder is no checkpoint. */
  readonly required: boolean;
}

export const CONFIG_FILE = 'config.json';
/**
 * The image processor's settings. transformers 5 saves the second, with the settings under `image_processor`: they go
 * before the first's.
 */
export const IMAGE_PROCESSOR_FILES = ['preprocessor_config.json', 'processor_config.json'] as const;
/** The vocabulary, in order of preference; one of them is needed. */
export const VOCABULARY_FILES = ['tokenizer.json', 'vocab.txt'] as const;
/** What changes or completes the vocabulary: each may be absent. */
export const TOKENIZER_SETTINGS_FILES = [
  'tokenizer_config.json',
  'special_tokens_map.json',
  'added_tokens.json',
] as const;
const GENERATION_CONFIG_FILE = 'generation_config.json';

/**
 * Everything but the weights, in the order in which it is fetched: a wrong id shows with the first file. All of it is
 * small.
 */
export const SIDE_FILES: readonly CheckpointFile[] = [
  { name: CONFIG_FILE, required: true },
  ...[...IMAGE_PROCESSOR_FILES, ...TOKENIZER_SETTINGS_FILES, ...VOCABULARY_FILES, GENERATION_CONFIG_FILE].map(
    (name) => ({ name, required: false }),
  ),
];

export interface WeightFile {
  readonly name: string;
  readonly format: 'safetensors' | 'pytorch';
  /** An index: JSON with `weight_map`, which names the shard of each tensor. */
  readonly sharded: boolean;
}

/** In order of preference: the first that is there holds the weights, the others are ignored. */
export const WEIGHT_FILES: readonly WeightFile[] = [
  { name: 'model.safetensors', format: 'safetensors', sharded: false },
  { name: 'model.safetensors.index.json', format: 'safetensors', sharded: true },
  { name: 'pytorch_model.bin', format: 'pytorch', sharded: false },
  { name: 'pytorch_model.bin.index.json', format: 'pytorch', sharded: true },
];

/**
 * What a converted model folder carries beside its graphs, so that it can be loaded alone: every side file that the
 * checkpoint has.
 */
export const COMPANION_FILES: readonly string[] = SIDE_FILES.map(({ name }) => name);
