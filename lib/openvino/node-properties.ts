// Properties as openvino-node's addon returns them, in the C API's form: one string.
import { attempt } from './addon';
import { asText } from './check-call';
import { describeArgument } from './describe-argument';
import { OpenVINOError } from './errors';

const SUPPORTED = 'SUPPORTED_PROPERTIES';
/** Settings of the core, which every device answers and none lists. */
const CORE_PROPERTIES: readonly string[] = ['CACHE_DIR', 'ENABLE_MMAP', 'FORCE_TBB_TERMINATE', SUPPORTED];

/**
 * Reads a property. The name is looked up first: in some builds of the addon, one that is not known ends the process.
 *
 * @param owner whose property it is, for messages: a device, or `the compiled model`
 * @param read asks the addon
 * @throws {OpenVINOError} when there is no such property, or the addon has no JavaScript value for it (maps, 64-bit
 *   unsigned numbers, floats, priorities)
 */
export function readProperty(owner: string, property: unknown, read: (name: string) => unknown): string {
  const name = asText('getProperty', 'the name', property);
  if (!CORE_PROPERTIES.includes(name)) {
    const known = attempt('getProperty', () => read(SUPPORTED));
    if (Array.isArray(known) && !known.map(String).includes(name))
      throw new OpenVINOError(
        `getProperty: ${owner} has no property ${describeArgument(name)}. It has: ${known.map(String).join(' ')}.`,
        'getProperty',
      );
  }
  return toText(
    name,
    attempt('getProperty', () => read(name)),
  );
}

/** Booleans are YES and NO there, lists are separated by blanks. */
function toText(name: string, value: unknown): string {
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'bigint') return String(value);
  if (typeof value === 'boolean') return value ? 'YES' : 'NO';
  if (Array.isArray(value)) return value.map((entry: unknown) => toText(name, entry)).join(' ');
  throw new OpenVINOError(
    `getProperty: openvino-node has no value for ${name} in JavaScript. Use the C API: BLIP_OPENVINO_RUNTIME=c-api.`,
    'getProperty',
  );
}
