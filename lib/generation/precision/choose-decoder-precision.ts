// In which precision the text decoder is computed: the faster one, found by a trial with its own first layers.
import type { BlipConfig } from '../../checkpoint';
import type { Config } from '../../openvino';
import { decoderProperties, type DecoderWeights } from '../decoder-properties';
import { describeMachine } from './describe-machine';
import { challengerWins, type Challenge, type TimedTurns } from './judge-trial';
import { settleTrial } from './settle-trial';
import type { TimedDecoder } from './time-steps';

/** Properties by which a caller has decided. */
const DECIDED = ['INFERENCE_PRECISION_HINT', 'EXECUTION_MODE_HINT', 'DYNAMIC_QUANTIZATION_GROUP_SIZE'];

/**
 * Multiplications of a step's feed-forward blocks below which a trial takes longer than it can save: BLIP-base has
 * 5.7e7.
 */
const WORTH_A_TRIAL = 1e7;

/**
 * What is taken without a trial, and what must be faster to be taken instead. FP16 weights in f32 are compiled in each
 * process (docs/decisions/025-f32-decoder-not-cached.md), which some hundred steps must make up for.
 */
export const DECODER_CHALLENGES: Readonly<Record<Exclude<DecoderWeights, 'FP32'>, Challenge>> = {
  '4 bits': { challenger: 'bf16', share: 0.95 },
  '8 bits': { challenger: 'bf16', share: 0.95 },
  FP16: { challenger: 'f32', share: 0.8 },
};

export interface DecoderQuestion extends Omit<TimedDecoder, 'source'> {
  /** The caller's; they come first. */
  readonly properties: Config;
  readonly config: BlipConfig;
  readonly weights: DecoderWeights;
}

/**
 * Properties for the text decoder: `{ INFERENCE_PRECISION_HINT: 'bf16' }` or `'f32'`, or none where that of
 * `decoderProperties` is as fast. Which one is faster depends on the processor
 * (docs/decisions/032-decoder-precision-by-trial.md), so steps on images are timed in both, once for each machine and
 * size; the result is kept in the cache. Nothing is tried on other devices, for small models, where the processor has
 * one precision, or where the caller has decided.
 */
export async function chooseDecoderPrecision(question: DecoderQuestion): Promise<Config> {
  const { core, device, properties, weights, config } = question;
  if (device !== 'CPU' || weights === 'FP32' || DECIDED.some((name) => name in properties)) return {};
  const { hidden_size, intermediate_size, num_hidden_layers } = config.text_config;
  if (2 * hidden_size * intermediate_size * num_hidden_layers < WORTH_A_TRIAL) return {};
  const challenge = DECODER_CHALLENGES[weights];
  try {
    if (core.getProperty('CPU', 'INFERENCE_PRECISION_HINT') !== 'bf16') return {};
    const of = describeTrial(question);
    const times = await settleTrial(of, challenge, () => timeBoth(question));
    return challengerWins(times, challenge) ? { INFERENCE_PRECISION_HINT: challenge.challenger } : {};
  } catch {
    return {}; // no room for the trial's files, or a graph of another kind: nothing is lost but time
  }
}

/** Everything that times depend on. */
function describeTrial(question: DecoderQuestion): string {
  const { openvino, properties, config, weights } = question;
  const { hidden_size, intermediate_size, num_attention_heads } = config.text_config;
  const { tokens, size } = sourceOf(config);
  return (
    `${describeMachine(openvino, properties)}, decoder step, weights of ${weights}, ` +
    `${hidden_size}x${intermediate_size}, ${num_attention_heads} heads, ${tokens}x${size}`
  );
}

/** An image's states. */
function sourceOf({ vision_config: { image_size, patch_size }, text_config }: BlipConfig): TimedDecoder['source'] {
  return { tokens: 1 + Math.floor(image_size / patch_size) ** 2, size: text_config.encoder_hidden_size };
}

async function timeBoth(question: DecoderQuestion): Promise<TimedTurns> {
  const { device, properties, weights, config } = question;
  const settings = (['bf16', 'f32'] as const).map((precision) =>
    decoderProperties(weights, device, { ...properties, INFERENCE_PRECISION_HINT: precision }),
  );
  const { timeSteps } = await import('./time-steps'); // only a trial needs it
  return timeSteps({ ...question, source: sourceOf(config) }, settings);
}
