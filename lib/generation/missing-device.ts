// Whether the devices that a name asks for are on this machine.

/** Names that stand for other devices, with or without a list of them behind a colon. */
const VIRTUAL = ['AUTO', 'MULTI', 'HETERO', 'BATCH'];

/**
 * The first name in `device` that this machine does not have, such as `GPU` in `AUTO:GPU,CPU`; undefined when all are there.
 *
 * @param available the core's `getAvailableDevices()`, such as `['CPU', 'GPU.0', 'GPU.1']`, where `GPU` means the first
 */
export function missingDevice(device: string, available: readonly string[]): string | undefined {
  const names = device.split(/[:,]/).map((name) => name.trim().replace(/^-|\(.*\)$/g, ''));
  return names.find(
    (name) => !VIRTUAL.includes(name) && !available.some((known) => known === name || known.startsWith(`${name}.`)),
  );
}
