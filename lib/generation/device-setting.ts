// The settings of the device that runs a compiled model, also through AUTO, MULTI or HETERO.
import type { CompiledModel } from '../openvino';

/**
 * The value of a setting. Virtual devices do not have the settings of the devices behind them, but list them in one
 * property:
 * `{CPU:{INFERENCE_NUM_THREADS:2,INFERENCE_PRECISION_HINT:bf16,...}}`. Where several devices differ, all values: `bf16
 * or f16`.
 * Undefined where no device has the setting: a GPU has no INFERENCE_NUM_THREADS.
 *
 * @example
 * deviceSetting(compiled, 'INFERENCE_PRECISION_HINT') // 'bf16'
 */
export function deviceSetting(compiled: CompiledModel, name: string): string | undefined {
  const value = property(compiled, name);
  if (value !== undefined) return value;
  const listed = property(compiled, 'DEVICE_PROPERTIES') ?? '';
  const values = [...listed.matchAll(/([A-Z_]+):([^,{}]*)/g)].flatMap(([, key, value]) =>
    key === name && value !== '' ? [value] : [],
  );
  return values.length > 0 ? [...new Set(values)].join(' or ') : undefined;
}

/**
 * The devices that inferences run on, such as `['CPU']` for AUTO; empty where the model does not report them. AUTO puts
 * a device that it uses only at the start in parentheses.
 */
export function executionDevices(compiled: CompiledModel): string[] {
  return (property(compiled, 'EXECUTION_DEVICES') ?? '').split(/[\s,()]+/).filter((name) => name !== '');
}

function property(compiled: CompiledModel, name: string): string | undefined {
  try {
    return compiled.getProperty(name);
  } catch {
    return undefined; // not a setting of this device
  }
}
