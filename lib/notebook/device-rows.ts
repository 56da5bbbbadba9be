// The devices that OpenVINO finds, as table rows, with the chosen one marked, or missed.
import { checkArguments } from '../core/check-arguments';
import { loadOpenVINO, type Core } from '../openvino';

/** One device. */
export interface DeviceRow {
  readonly device: string;
  readonly chosen: 'yes' | '';
  readonly 'full name': string;
}

const AUTO = 'AUTO';
/** Devices that stand for others: `AUTO:GPU,CPU`. */
const VIRTUAL = /^(?:AUTO|MULTI|HETERO|BATCH):(.+)$/;

/**
 * The devices of this machine and AUTO, which picks one. A chosen device that is not among them has a row of its own,
 * which says so.
 *
 * @param chosen such as `GPU` or `AUTO:GPU,CPU`
 * @example
 * deviceRows('CPU')[0] // { device: 'CPU', chosen: 'yes', 'full name': 'AMD EPYC' }
 * deviceRows('NPU').at(-1) // { device: 'NPU', chosen: 'yes', 'full name': 'NPU: not found on this machine. ...' }
 */
export function deviceRows(chosen: string): DeviceRow[] {
  checkArguments('deviceRows', { chosen: [chosen, 'path'] }); // a short text
  const core = new (loadOpenVINO().Core)();
  try {
    return describeDevices(core, chosen);
  } finally {
    core.dispose();
  }
}

/** The rows for the devices of `core`. */
export function describeDevices(core: Pick<Core, 'getAvailableDevices' | 'getProperty'>, chosen: string): DeviceRow[] {
  const found = core.getAvailableDevices();
  // `GPU` is the first of several, GPU.0
  const isChosen = (name: string): boolean => name === chosen || name === `${chosen}.0`;
  const row = (device: string, name: string): DeviceRow => ({
    device,
    chosen: isChosen(device) ? 'yes' : '',
    'full name': name,
  });
  const rows = [
    ...found.map((device) => row(device, core.getProperty(device, 'FULL_DEVICE_NAME'))),
    row(AUTO, 'picks a device for each model'),
  ];
  if (rows.some((each) => each.chosen === 'yes')) return rows;
  return [...rows, { device: chosen, chosen: 'yes', 'full name': describeOther(chosen, found) }];
}

function describeOther(chosen: string, found: readonly string[]): string {
  const parts = VIRTUAL.exec(chosen)?.[1].split(',') ?? [chosen];
  const isFound = (name: string): boolean => found.some((device) => device === name || device.startsWith(`${name}.`));
  // `AUTO:-GPU` leaves one out, `MULTI:CPU(2)` gives one a number of requests
  const missing = parts.map((name) => name.replace(/^-|\(.*\)$/g, '')).filter((name) => !isFound(name));
  if (missing.length === 0) return `made of ${parts.join(' and ')}`;
  const names = missing.join(' and ');
  return `${names}: not found on this machine. Expect an error below, or set BLIP_DEVICE to another one`;
}
