// How the text decoder is compiled: one stream, and for 8-bit weights the precision in which they are multiplied
// fastest.
import * as fs from 'node:fs';
import type { Config, Core } from '../openvino';

/** One inference at a time, as fast as it can be. */
export const LATENCY_HINT: Config = { PERFORMANCE_HINT: 'LATENCY' };

/** How an .xml names the element types of constants. */
const FOUR_BITS = /element_type="[iu]4"/;
const EIGHT_BITS = /element_type="[iu]8"/;
const SIXTEEN_BITS = /element_type="f16"/;

/** How many numbers of a row share a scale in dynamic quantization; 32 is the plugin's default. */
const QUANTIZATION_GROUP_SIZE = '64';

/** What a decoder's weights are stored as; beside those of 4 bits, some have 8. */
export type DecoderWeights = '4 bits' | '8 bits' | 'FP16' | 'FP32';

/** @param xml the decoder's IR */
export function decoderWeights(xml: string): DecoderWeights {
  const text = fs.readFileSync(xml, 'utf8');
  if (FOUR_BITS.test(text)) return '4 bits';
  if (EIGHT_BITS.test(text)) return '8 bits';
  return SIXTEEN_BITS.test(text) ? 'FP16' : 'FP32';
}

/**
 * One stream, whatever the caller asks for: several streams mix up the state of generations
 * (docs/decisions/008-one-generation-at-a-time.md). With weights of 8 or 4 bits on the CPU, f32 and a group size for
 * dynamic quantization, unless a trial or the caller sets them: the plugin then multiplies integers
 * (docs/decisions/005-8-bit-decoder-weights-in-f32.md). Only on x64, where it was measured: elsewhere the plugin
 * chooses.
 *
 * @param properties the user's, and what a trial chose
 */
export function decoderProperties(weights: DecoderWeights, device: string, properties: Config): Config {
  const isCPU = device === 'CPU';
  const streams: Config = isCPU || 'NUM_STREAMS' in properties ? { NUM_STREAMS: '1' } : {};
  const precision: Config =
    isCPU && process.arch === 'x64' && (weights === '8 bits' || weights === '4 bits')
      ? { INFERENCE_PRECISION_HINT: 'f32', DYNAMIC_QUANTIZATION_GROUP_SIZE: QUANTIZATION_GROUP_SIZE }
      : {};
  return { ...precision, ...properties, ...LATENCY_HINT, ...streams };
}

/**
 * Whether the compiled decoder may come from the cache. Compiled anew, the plugin sees a language model and multiplies
 * by FP16 weights as they are, also in f32. From the cache it does not, and unpacks them to f32: twice the memory, and
 * a third more time for each token (docs/decisions/025-f32-decoder-not-cached.md). In bf16 there is no difference, nor
 * with weights of 8 or 4 bits.
 *
 * @param properties the user's, and what a trial chose
 */
export function isDecoderCached(core: Pick<Core, 'getProperty'>, weights: DecoderWeights, properties: Config): boolean {
  if (weights !== 'FP16') return true;
  if ('EXECUTION_MODE_HINT' in properties) return false;
  const own = core.getProperty('CPU', 'INFERENCE_PRECISION_HINT');
  return own === 'bf16' && (properties.INFERENCE_PRECISION_HINT ?? own) === 'bf16';
}
