// The settings of the device that runs a compiled model, also through AUTO, MULTI or HETERO.
import type { CompiledModel, Config, Core } from '../openvino';

/** What is known beside the compiled model. */
export interface SettingSource {
  readonly core: Core;
  /** Those that the model was compiled with. */
  readonly properties: Config;
}

/** A device says one of these where it has not decided: the core's CPU has 0 threads until a model is compiled. */
const UNDECIDED: readonly string[] = ['', '0', 'undefined', 'dynamic'];

/**
 * The value of a setting. Virtual devices do not have the settings of the devices behind them, but list them in one
 * property:
 * `{CPU:{INFERENCE_NUM_THREADS:2,INFERENCE_PRECISION_HINT:bf16,...}}`. Where several devices differ, all values: `bf16
 * or f16`. openvino-node cannot read that list. There, what the model was compiled with counts, then what the core says
 * of each device that it runs on.
 * Undefined where no device has the setting: a GPU has no INFERENCE_NUM_THREADS.
 *
 * @example
 * deviceSetting(compiled, 'INFERENCE_PRECISION_HINT') // 'bf16'
 */
export function deviceSetting(compiled: CompiledModel, name: string, source?: SettingSource): string | undefined {
  const own = property(() => compiled.getProperty(name));
  if (own !== undefined) return own;
  const listed = property(() => compiled.getProperty('DEVICE_PROPERTIES')) ?? '';
  const values = [...listed.matchAll(/([A-Z_]+):([^,{}]*)/g)].flatMap(([, key, value]) =>
    key === name && !UNDECIDED.includes(value) ? [value] : [],
  );
  if (values.length > 0) return [...new Set(values)].join(' or ');
  if (source === undefined) return undefined;
  const asked = source.properties[name];
  if (asked !== undefined && !UNDECIDED.includes(String(asked))) return String(asked);
  const told = executionDevices(compiled).flatMap(
    (device) => property(() => source.core.getProperty(device, name)) ?? [],
  );
  return told.length > 0 ? [...new Set(told)].join(' or ') : undefined;
}

/**
 * The devices that inferences run on, such as `['CPU']` for AUTO; empty where the model does not report them. AUTO puts
 * a device that it uses only at the start in parentheses.
 */
export function executionDevices(compiled: CompiledModel): string[] {
  return (property(() => compiled.getProperty('EXECUTION_DEVICES')) ?? '')
    .split(/[\s,()]+/)
    .filter((name) => name !== '');
}

function property(read: () => string): string | undefined {
  try {
    const value = read();
    return UNDECIDED.includes(value) ? undefined : value;
  } catch {
    return undefined; // not a setting of this device
  }
}
