// The arithmetic and memory traffic that each stage needs at least: the roofline that measured times are compared with.
import type { BlipConfig } from '../lib';

export interface Work {
  /** Multiplications and additions. */
  readonly flops: number;
  /** Weights that must be read once, in bytes. */
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
  const H = text.hidden_size;
  const I = text.intermediate_size;
  const layers = text.num_hidden_layers;
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

  // Per layer and token: four matrices of self-attention, query and output of cross-attention, two of the feed-forward
  // network.
  const perToken = layers * (6 * H ** 2 + 2 * H * I);
  // Absorbed cross-attention, per layer and token of text: query times key matrix, scores and context over the states
  // of the encoder's tokens for each head, context times value matrix.
  const crossMatrices = layers * 2 * H * text.encoder_hidden_size;
  const crossAttention = (textTokens: number, encoderTokens: number): Work => ({
    flops:
      textTokens *
      (2 * crossMatrices + 4 * layers * text.num_attention_heads * encoderTokens * text.encoder_hidden_size),
    bytes: weight(crossMatrices),
  });
  const textLayers: Work = { flops: 2 * questionLength * perToken, bytes: weight(perToken) };

  const head = H ** 2 + text.vocab_size * H;
  const decoderStep: Work = { flops: 2 * (perToken + head), bytes: weight(perToken + head) };
  return {
    visionModel,
    textLayers,
    decoderStep,
    imageAttention: crossAttention(questionLength, tokens),
    stepImageAttention: crossAttention(1, tokens),
    stepQuestionAttention: crossAttention(1, questionLength),
  };
}

/** Work in sequence, and how often each is done. */
export type Phases = readonly (readonly [work: Work, times: number])[];

/**
 * Milliseconds that the machine needs at least: per phase for the arithmetic or for the memory, whichever takes longer.
 */
export function limit(phases: Phases, { gflops, gigabytesPerSecond }: Machine): number {
  return phases.reduce(
    (sum, [{ flops, bytes }, times]) => sum + (times * Math.max(flops / gflops, bytes / gigabytesPerSecond)) / 1e6,
    0,
  );
}
