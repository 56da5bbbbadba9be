// How text encoder and text decoder are compiled: one stream, and for compressed weights the precision in which they are multiplied fastest.
import * as fs from 'node:fs';
import type { Config } from '../openvino';

/** Comes before the user's properties. */
export const FIRST_HINT: Config = { PERFORMANCE_HINT: 'LATENCY' };

/** How an .xml names the element type of 8-bit constants, and a quantized activation. */
const EIGHT_BITS = /element_type="[iu]8"/;
const QUANTIZED = /type="FakeQuantize"/;

/**
 * One stream, whatever was asked for: on a second one, the CPU plugin (OpenVINO 2026.4.1) reads a request's variables with the
 * shapes that this stream saw last.
 *
 * Where only weights have 8 bits, as NNCF leaves the decoder, they are multiplied in f32 where the processor would choose bf16 and
 * nothing was asked for: the plugin then brings the one row of a step to 8 bits too and multiplies integers (dynamic quantization; with
 * that switched off a step takes 12.6 ms). At bf16 it unpacks all weights at each step. BLIP-base on 2 cores, a step on a question:
 * 8.4 ms instead of 10.7; on an image 11.5 instead of 13.3.
 *
 * @param xml the model's IR @param properties the user's
 */
export function statefulProperties(xml: string, device: string, properties: Config): Config {
  const isCPU = device === 'CPU';
  const streams: Config = isCPU || 'NUM_STREAMS' in properties ? { NUM_STREAMS: '1' } : {};
  const graph = isCPU ? fs.readFileSync(xml, 'utf8') : '';
  const precision: Config = EIGHT_BITS.test(graph) && !QUANTIZED.test(graph) ? { INFERENCE_PRECISION_HINT: 'f32' } : {};
  return { ...precision, ...properties, ...FIRST_HINT, ...streams };
}
