// How much arithmetic and how much memory traffic each stage cannot do without: the roofline that measured times are held against.
import type { BlipConfig } from '../lib';

export interface Work {
  /** Multiplications and additions, counted as two per pair. */
  readonly flops: number;
  /** Weights that have to be read once, in bytes. */
  readonly bytes: number;
}

export interface Machine {
  readonly gflops: number;
  readonly gigabytesPerSecond: number;
}

/** Matrix products only: everything else is small beside them. @param bytesPerWeight 2 at bf16 and f16, 1 at INT8 */
export function countWork(
  { vision_config: vision, text_config: text }: BlipConfig,
  questionLength: number,
  bytesPerWeight: number,
) {
  const [H, I, layers] = [text.hidden_size, text.intermediate_size, text.num_hidden_layers];
  const patches = Math.floor(vision.image_size / vision.patch_size) ** 2;
  const tokens = patches + 1;
  const weight = (size: number): number => size * bytesPerWeight;

  const patchMatrix = 3 * vision.patch_size ** 2 * vision.hidden_size;
  const visionLayer = 4 * vision.hidden_size ** 2 + 2 * vision.hidden_size * vision.intermediate_size;
  const visionAttention = 4 * tokens ** 2 * vision.hidden_size;
  const visionModel: Work = {
    flops: 2 * patches * patchMatrix + vision.num_hidden_layers * (2 * tokens * visionLayer + visionAttention),
    bytes: weight(patchMatrix + vision.num_hidden_layers * visionLayer),
  };

  // Per layer and token: four self-attention matrices, query and output of the cross-attention, two of the feed-forward part.
  const perToken = layers * (6 * H ** 2 + 2 * H * I);
  // Cross-attention without keys and values of all states: per layer and word, the query of each head goes through one matrix, looks at
  // `source` states, and what it saw goes through the other.
  const crossMatrices = layers * 2 * H * text.encoder_hidden_size;
  const look = (words: number, source: number): Work => ({
    flops: words * (2 * crossMatrices + 4 * layers * text.num_attention_heads * source * text.encoder_hidden_size),
    bytes: weight(crossMatrices),
  });
  const readQuestion: Work = { flops: 2 * questionLength * perToken, bytes: weight(perToken) };

  const head = H ** 2 + text.vocab_size * H;
  const decoderStep: Work = { flops: 2 * (perToken + head), bytes: weight(perToken + head) };
  return {
    visionModel,
    readQuestion,
    decoderStep,
    lookAtImage: look(questionLength, tokens),
    stepLooksAtImage: look(1, tokens),
    stepLooksAtQuestion: look(1, questionLength),
  };
}

/** What has to be done one after the other, and how often. */
export type Phases = readonly (readonly [work: Work, times: number])[];

/** Milliseconds that the machine needs at least: per phase for the arithmetic or for the memory, whichever takes longer. */
export function limit(phases: Phases, { gflops, gigabytesPerSecond }: Machine): number {
  return phases.reduce(
    (sum, [{ flops, bytes }, times]) => sum + (times * Math.max(flops / gflops, bytes / gigabytesPerSecond)) / 1e6,
    0,
  );
}
