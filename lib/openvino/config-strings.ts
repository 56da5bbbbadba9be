// Properties as strings, which OpenVINO parses: every release of both runtimes accepts them.
import type { Config } from './types';

/** @example configStrings({ PERF_COUNT: true, NUM_STREAMS: 1 }) // { PERF_COUNT: 'YES', NUM_STREAMS: '1' } */
export function configStrings(config: Config): Record<string, string> {
  return Object.fromEntries(
    Object.entries(config).map(([key, value]) => [
      key,
      typeof value === 'boolean' ? (value ? 'YES' : 'NO') : String(value),
    ]),
  );
}
