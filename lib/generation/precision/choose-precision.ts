// In which precision the encoders are computed: the faster one, found by a trial with the model's own sizes.
import * as os from 'node:os';
import type { BlipConfig } from '../../checkpoint';
import type { Config, Core, OpenVINO } from '../../openvino';
import { describeProcessor } from '../compiled/describe-processor';
import { LATENCY_HINT } from '../decoder-properties';
import { timeProducts, type ProductSizes } from './time-products';
import { recallTrial, rememberTrial, type PrecisionTrial } from './trial-memory';

/** Properties by which a caller has decided. */
const DECIDED = ['INFERENCE_PRECISION_HINT', 'EXECUTION_MODE_HINT'];

/**
 * Multiplications of one layer below which a trial takes longer than it can save: BLIP-base's vision model has 1.4e9.
 */
const WORTH_A_TRIAL = 1e8;

/** f32 must win by more than times wobble. */
const CLEARLY_FASTER = 0.95;

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
 * The text decoder keeps the plugin's choice: it reads all its weights for one token, and bf16 halves the bytes.
 */
export async function choosePrecision(question: PrecisionQuestion): Promise<Config> {
  const { core, device, properties, config } = question;
  if (device !== 'CPU' || DECIDED.some((name) => name in properties)) return {};
  const sizes = visionProducts(config);
  if (sizes.rows * sizes.hidden * sizes.intermediate < WORTH_A_TRIAL) return {};
  try {
    if (core.getProperty('CPU', 'INFERENCE_PRECISION_HINT') !== 'bf16') return {};
    const of = describeTrial(question, sizes);
    const trial = (await recallTrial(of)) ?? (await tryBoth(question, sizes, of));
    return f32Wins(trial) ? { INFERENCE_PRECISION_HINT: 'f32' } : {};
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

/** Everything that times depend on. oneDNN can be told to use fewer instructions than the processor has. */
function describeTrial({ openvino, properties }: PrecisionQuestion, sizes: ProductSizes): string {
  const threads = properties.INFERENCE_NUM_THREADS ?? os.availableParallelism();
  const limit = process.env.ONEDNN_MAX_CPU_ISA ?? 'all instructions';
  const { rows, hidden, intermediate } = sizes;
  return (
    `${describeProcessor()}, ${limit}, ${threads} threads, ` +
    `OpenVINO ${openvino.version}, ${rows}x${hidden}x${intermediate}`
  );
}

function f32Wins({ bf16, f32 }: Omit<PrecisionTrial, 'of'>): boolean {
  return f32 < bf16 * CLEARLY_FASTER;
}

async function tryBoth(question: PrecisionQuestion, sizes: ProductSizes, of: string): Promise<PrecisionTrial> {
  const { openvino, core, device, properties } = question;
  const settings = (['bf16', 'f32'] as const).map((precision) => ({
    ...LATENCY_HINT,
    ...properties,
    INFERENCE_PRECISION_HINT: precision,
  }));
  const [bf16, f32] = await timeProducts(openvino, core, device, sizes, settings);
  const { trial, isClear } = judgeTrial(bf16, f32);
  if (isClear) await rememberTrial({ of, ...trial });
  return { of, ...trial };
}

/**
 * The shortest time of each counts, since everything else is disturbance. Where even and odd turns disagree on the
 * winner, other programs decided: such a trial serves this process, and the next one tries again.
 *
 * @param bf16 milliseconds, in turns with `f32`; two or more
 */
export function judgeTrial(
  bf16: readonly number[],
  f32: readonly number[],
): { trial: Omit<PrecisionTrial, 'of'>; isClear: boolean } {
  const shortest = (part: number): Omit<PrecisionTrial, 'of'> => {
    const least = (times: readonly number[]): number => Math.min(...times.filter((_, turn) => turn % 2 === part));
    return { bf16: least(bf16), f32: least(f32) };
  };
  const [even, odd] = [shortest(0), shortest(1)];
  const trial = { bf16: Math.min(even.bf16, odd.bf16), f32: Math.min(even.f32, odd.f32) };
  return { trial, isClear: f32Wins(even) === f32Wins(odd) };
}
