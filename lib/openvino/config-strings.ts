// Properties as strings, which OpenVINO parses by itself: the form that every release of both runtimes takes.
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
