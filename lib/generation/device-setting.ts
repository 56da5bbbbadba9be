// What a compiled model says about the device that runs it, also where AUTO, MULTI or HETERO stand between the two.
import type { CompiledModel } from '../openvino';

/**
 * The value of a setting. Devices that stand for others do not answer for them, but list their settings in one text:
 * `{CPU:{INFERENCE_NUM_THREADS:2,INFERENCE_PRECISION_HINT:bf16,...}}`. Where several devices differ, all values: `bf16 or f16`.
 * Undefined when nobody tells: a graphics card has no INFERENCE_NUM_THREADS.
 *
 * @example
 * deviceSetting(compiled, 'INFERENCE_PRECISION_HINT') // 'bf16'
 */
export function deviceSetting(compiled: CompiledModel, name: string): string | undefined {
  const own = property(compiled, name);
  if (own !== undefined) return own;
  const listed = property(compiled, 'DEVICE_PROPERTIES') ?? '';
  const values = [...listed.matchAll(/([A-Z_]+):([^,{}]*)/g)].flatMap(([, key, value]) =>
    key === name && value !== '' ? [value] : [],
  );
  return values.length > 0 ? [...new Set(values)].join(' or ') : undefined;
}

/** The devices that inferences run on, such as `['CPU']` for AUTO; empty when the model does not tell. AUTO puts brackets around one that only helps out. */
export function executionDevices(compiled: CompiledModel): string[] {
  return (property(compiled, 'EXECUTION_DEVICES') ?? '').split(/[\s,()]+/).filter((name) => name !== '');
}

function property(compiled: CompiledModel, name: string): string | undefined {
  try {
    return compiled.getProperty(name);
  } catch {
    return undefined;
  } // refused: not a setting of this device
}
