// The machine as far as times of a trial depend on it: a kept trial holds only where all of it is the same.
import * as os from 'node:os';
import type { Config, OpenVINO } from '../../openvino';
import { describeProcessor } from '../compiled/describe-processor';

/** Properties that change no time of an inference, or that every trial has in its own way. */
const IRRELEVANT = /^(CACHE_|WEIGHTS_PATH$|INFERENCE_NUM_THREADS$)/;

/**
 * oneDNN can be told to use fewer instructions than the processor has.
 *
 * @param properties the caller's
 * @example
 * describeMachine(openvino, {}) // 'AMD EPYC 3f0c9a51d2e7, all instructions, 2 threads, OpenVINO 2026.4.1'
 */
export function describeMachine(openvino: OpenVINO, properties: Config): string {
  const threads = properties.INFERENCE_NUM_THREADS ?? os.availableParallelism();
  const limit = process.env.ONEDNN_MAX_CPU_ISA ?? 'all instructions';
  const settings = Object.entries(properties)
    .filter(([name]) => !IRRELEVANT.test(name))
    .map(([name, value]) => `, ${name} ${String(value)}`)
    .sort();
  return `${describeProcessor()}, ${limit}, ${threads} threads, OpenVINO ${openvino.version}${settings.join('')}`;
}
