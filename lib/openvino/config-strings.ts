// Properties as strings, which OpenVINO parses: every release of both runtimes accepts them.
import { asText, entriesOf } from './check-call';
import { describeArgument } from './describe-argument';
import { OpenVINOError } from './errors';

/**
 * @example configStrings({ PERF_COUNT: true, NUM_STREAMS: 1 }) // { PERF_COUNT: 'YES', NUM_STREAMS: '1' }
 * @throws {OpenVINOError} for values that are neither strings, numbers nor booleans
 */
export function configStrings(config: unknown): Record<string, string> {
  return Object.fromEntries(
    entriesOf('properties', 'the configuration', config).map(([key, value]) => [key, toText(key, value)]),
  );
}

function toText(key: string, value: unknown): string {
  asText('properties', 'the name', key);
  if (typeof value === 'boolean') return value ? 'YES' : 'NO';
  if (typeof value === 'number') return String(value);
  if (typeof value === 'string') return asText('properties', key, value);
  throw new OpenVINOError(
    `properties: ${key} is ${describeArgument(value)}, expected a string, a number or a boolean.`,
    'properties',
  );
}
