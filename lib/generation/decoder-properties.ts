// How the text decoder is compiled: one stream, and for 8-bit weights the precision in which they are multiplied fastest.
import * as fs from 'node:fs';
import type { Config } from '../openvino';

/** Comes before the user's properties. */
export const FIRST_HINT: Config = { PERFORMANCE_HINT: 'LATENCY' };

/** How an .xml names the element type of 8-bit constants. */
const EIGHT_BITS = /element_type="[iu]8"/;

/**
 * One stream, whatever was asked for: on a second one, the CPU plugin (OpenVINO 2026.4.1) reads a generation's variables with the
 * shapes that this stream saw last.
 *
 * Weights of 8 bits are multiplied in f32 where the processor would choose bf16 and nothing was asked for: the plugin then brings the
 * one row of a step to 8 bits too and multiplies integers (dynamic quantization; with that switched off a step takes 12.6 ms). At bf16
 * it unpacks all weights at each step. BLIP-base on 2 cores, a step on a question: 8.4 ms instead of 10.7; on an image 11.5 instead of 13.3.
 *
 * @param xml the decoder's IR @param properties the user's
 */
export function decoderProperties(xml: string, device: string, properties: Config): Config {
  const isCPU = device === 'CPU';
  const streams: Config = isCPU || 'NUM_STREAMS' in properties ? { NUM_STREAMS: '1' } : {};
  const precision: Config = isCPU && EIGHT_BITS.test(fs.readFileSync(xml, 'utf8')) ? { INFERENCE_PRECISION_HINT: 'f32' } : {};
  return { ...precision, ...properties, ...FIRST_HINT, ...streams };
}
