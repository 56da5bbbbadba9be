// How a model is compiled for several runs at the same time.
import type { Config } from '../openvino';

/** Properties by which a caller has decided how many runs there are at the same time. */
const DECIDED = ['PERFORMANCE_HINT', 'NUM_STREAMS', 'PERFORMANCE_HINT_NUM_REQUESTS'];

/**
 * The device's threads are divided among the runs. Where the number is not given, the device chooses it from its cores
 * and caches.
 *
 * @example
 * streamProperties(1) // { PERFORMANCE_HINT: 'LATENCY', NUM_STREAMS: '1' }
 */
export function streamProperties(streams: number | undefined): Config {
  if (streams === undefined) return { PERFORMANCE_HINT: 'THROUGHPUT' };
  return { PERFORMANCE_HINT: streams > 1 ? 'THROUGHPUT' : 'LATENCY', NUM_STREAMS: String(streams) };
}

export function decidesStreams(properties: Config): boolean {
  return DECIDED.some((name) => name in properties);
}
