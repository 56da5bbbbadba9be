// How long a run of both notebooks takes and how much room it needs, from the checkpoint's configuration and from
// speeds that were measured. An estimate: machines differ, and so do data sets.
import type { BlipConfig, BlipTask } from '../lib/checkpoint';
import { expectedTensors } from '../lib/convert';

export interface RunEstimate {
  readonly parameters: number;
  /** From a quiet machine with matrix units to one without, as busy as this one is. */
  readonly seconds: readonly [least: number, most: number];
  /** Of the weights as they are published, in FP32. */
  readonly downloadBytes: number;
  /** All models that the notebooks write. */
  readonly modelBytes: number;
  /** The calibration inputs, while NNCF works. */
  readonly temporaryBytes: number;
}

/** As in the notebooks. */
const CALIBRATION_SAMPLES = 300;
const VALIDATION_SAMPLES = 500;
const TIMED_RUNS = 100;

const BYTES = { published: 4, fp16: 2, int8: 1, int4: 0.5 } as const;
/** Tokens of a question, with its ends. */
const QUESTION_TOKENS = 10;

/**
 * Times that the vision model runs in both notebooks, by precision: each calibration image once, and twice within NNCF,
 * in f32; each validation image once per precision for the accuracy, then in the timed tasks, and again for the 4-bit
 * decoder.
 */
const VISION_RUNS = {
  f32: 3 * CALIBRATION_SAMPLES,
  fp16: VALIDATION_SAMPLES + 2 * TIMED_RUNS + 150,
  int8: 3 * VALIDATION_SAMPLES + 2 * TIMED_RUNS,
} as const;
/** GFLOP a second and core, of the whole vision model, on a processor with AMX. */
const SPEED = { f32: 80, fp16: 180, int8: 270 } as const;
/** What does not grow with the model: kernels, the type check of the first cells, charts. */
const FIXED_SECONDS = 60;
/**
 * Seconds and cores for a million parameters of the text models, over all questions and captions that both notebooks
 * ask for, and NNCF's work on them. A checkpoint for one task alone is asked less.
 */
const TEXT_SECONDS: Readonly<Record<BlipTask, number>> = {
  'visual-question-answering': 4.7,
  'image-to-text': 1.9,
  'image-text-retrieval': 1.9,
  'feature-extraction': 1.9,
};
/** How much longer it takes without matrix units, or beside a few other programs. */
const SLOWEST = 3;
/** More cores than these do not help a single image much. */
const USEFUL_CORES = 16;

/**
 * @param cores of the processor
 * @param load programs that want to compute at the same time, without this run: more than cores share them
 * @example
 * const config = parseBlipConfig({ model_type: 'blip' }, 'config.json');
 * estimateRun(config, 'visual-question-answering', 2).parameters // 361 million
 */
export function estimateRun(config: BlipConfig, task: BlipTask, cores: number, load = 0): RunEstimate {
  const sizes = { vision: 0, encoder: 0, decoder: 0 };
  for (const [name, shape] of expectedTensors(config, task)) {
    const part = name.startsWith('vision_model.') ? 'vision' : name.startsWith('text_decoder.') ? 'decoder' : 'encoder';
    sizes[part] += shape.reduce((product, size) => product * size, 1);
  }
  // text_features has the text encoder's weights once more, without cross-attention
  let copied = 0;
  if (task === 'image-text-retrieval')
    for (const [name, shape] of expectedTensors(config, task))
      if (/^text_encoder\.(?!.*\.crossattention\.)/.test(name))
        copied += shape.reduce((product, size) => product * size, 1);
  const parameters = sizes.vision + sizes.encoder + sizes.decoder;
  const { flop, tokens } = visionWork(config);
  const vision = (['f32', 'fp16', 'int8'] as const).reduce(
    (sum, precision) => sum + (VISION_RUNS[precision] * flop) / (SPEED[precision] * 1e9),
    0,
  );
  const work = vision + (TEXT_SECONDS[task] * (sizes.encoder + sizes.decoder)) / 1e6;
  const least = FIXED_SECONDS + work / Math.min(cores, USEFUL_CORES);
  const { image_size, hidden_size } = config.vision_config;
  const perImage = 3 * image_size ** 2 + (task === 'image-to-text' ? 0 : 4 * tokens * hidden_size);
  return {
    parameters,
    seconds: [least, SLOWEST * Math.max(1, load / cores) * least],
    downloadBytes: BYTES.published * (parameters + storedTwice(config, task)),
    modelBytes:
      (BYTES.fp16 + 2 * BYTES.int8) * (parameters + copied - sizes.decoder) +
      (BYTES.fp16 + BYTES.int8 + BYTES.int4) * sizes.decoder,
    temporaryBytes: CALIBRATION_SAMPLES * (perImage + 16 * QUESTION_TOKENS),
  };
}

/** The published files store the decoder's output matrix beside the word embedding that it equals. */
function storedTwice({ text_config, tie_word_embeddings }: BlipConfig, task: BlipTask): number {
  const hasDecoder = task === 'visual-question-answering' || task === 'image-to-text';
  const isTied = hasDecoder && tie_word_embeddings;
  return isTied ? text_config.vocab_size * text_config.hidden_size : 0;
}

/** Multiplications and additions of the vision model for one image, counted as two. */
function visionWork({ vision_config: vision }: BlipConfig): { flop: number; tokens: number } {
  const { hidden_size: H, intermediate_size: I, num_hidden_layers, image_size, patch_size } = vision;
  const tokens = Math.floor(image_size / patch_size) ** 2 + 1;
  const layer = 2 * tokens * (4 * H * H + 2 * H * I) + 4 * tokens * tokens * H;
  return { flop: num_hidden_layers * layer + 2 * tokens * 3 * patch_size ** 2 * H, tokens };
}
