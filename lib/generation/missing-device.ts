// Whether this machine has the devices of a device name.

/** Virtual devices, with or without a list of devices after a colon. */
const VIRTUAL = ['AUTO', 'MULTI', 'HETERO', 'BATCH'];

/**
 * The first device in a name that this machine does not have, such as `GPU` in `AUTO:GPU,CPU`; undefined if it has all.
 *
 * @param available the core's `getAvailableDevices()`, such as `['CPU', 'GPU.0', 'GPU.1']`, where `GPU` means the first
 */
export function missingDevice(device: string, available: readonly string[]): string | undefined {
  const names = device.split(/[:,]/).map((name) => name.trim().replace(/^-|\(.*\)$/g, ''));
  return names.find(
    (name) => !VIRTUAL.includes(name) && !available.some((known) => known === name || known.startsWith(`${name}.`)),
  );
}
