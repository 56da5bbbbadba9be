// In which precision the encoders are computed: the faster one, found by a trial with the model's own sizes.
import type { BlipConfig } from '../../checkpoint';
import type { Config, Core, OpenVINO } from '../../openvino';
import { LATENCY_HINT } from '../decoder-properties';
import { describeMachine } from './describe-machine';
import { challengerWins, type Challenge, type TimedTurns } from './judge-trial';
import { settleTrial } from './settle-trial';
import type { ProductSizes } from './time-products';

/** Properties by which a caller has decided. */
const DECIDED = ['INFERENCE_PRECISION_HINT', 'EXECUTION_MODE_HINT'];

/**
 * Multiplications of one layer below which a trial takes longer than it can save: BLIP-base's vision model has 1.4e9.
 */
const WORTH_A_TRIAL = 1e8;

/** bf16 is what the plugin chooses by itself. */
export const ENCODER_CHALLENGE: Challenge = { challenger: 'f32', share: 0.95 };

export interface PrecisionQuestion {
  readonly openvino: OpenVINO;
  readonly core: Core;
  readonly device: string;
  /** The caller's; they come first. */
  readonly properties: Config;
  readonly config: BlipConfig;
}

/**
 * Properties for the vision model and the text encoder: `{ INFERENCE_PRECISION_HINT: 'f32' }`, or none where the
 * plugin's own choice is as fast. The plugin computes in bf16 wherever the processor has it. Processors differ by a
 * factor of two in either direction (docs/decisions/017-precision-by-trial.md), so the products of one vision layer
 * are timed in both, once for each machine and size; the result is kept in the cache. Nothing is tried on other
 * devices, for small models, or where the caller has decided.
 *
 * The text decoder has a trial of its own (choose-decoder-precision.ts): it multiplies single vectors.
 */
export async function choosePrecision(question: PrecisionQuestion): Promise<Config> {
  const { core, device, properties, config } = question;
  if (device !== 'CPU' || DECIDED.some((name) => name in properties)) return {};
  const sizes = visionProducts(config);
  if (sizes.rows * sizes.hidden * sizes.intermediate < WORTH_A_TRIAL) return {};
  try {
    if (core.getProperty('CPU', 'INFERENCE_PRECISION_HINT') !== 'bf16') return {};
    const of = describeTrial(question, sizes);
    const times = await settleTrial(of, ENCODER_CHALLENGE, () => timeBoth(question, sizes));
    return challengerWins(times, ENCODER_CHALLENGE) ? { INFERENCE_PRECISION_HINT: 'f32' } : {};
  } catch {
    return {}; // no room for the trial's file, or a device without the property: nothing is lost but time
  }
}

/** One layer's feed-forward block, over the class vector and all patches. */
function visionProducts({ vision_config: vision }: BlipConfig): ProductSizes {
  const { image_size, patch_size, hidden_size, intermediate_size } = vision;
  const rows = 1 + Math.floor(image_size / patch_size) ** 2;
  return { rows, hidden: hidden_size, intermediate: intermediate_size, layers: 1 };
}

/** Everything that times depend on. */
function describeTrial({ openvino, properties }: PrecisionQuestion, sizes: ProductSizes): string {
  const { rows, hidden, intermediate } = sizes;
  return `${describeMachine(openvino, properties)}, ${rows}x${hidden}x${intermediate}`;
}

async function timeBoth(question: PrecisionQuestion, sizes: ProductSizes): Promise<TimedTurns> {
  const { openvino, core, device, properties } = question;
  const settings = (['bf16', 'f32'] as const).map((precision) => ({
    ...LATENCY_HINT,
    ...properties,
    INFERENCE_PRECISION_HINT: precision,
  }));
  const { timeProducts } = await import('./time-products'); // only a trial needs it
  return timeProducts(openvino, core, device, sizes, settings);
}
