// Pins of a requirements file that hold for other patch versions of a Python: 3.11.2 may take another version of a
// package than 3.11.7, and a bundle serves both.

/** `name==version ; marker \` and its digests, in lines that are indented. */
const PIN = /^\S+==\S+ ; .*\n(?: .*\n?)*/gm;
const FULL = /python_full_version (<=?|>=?) '(\d+)\.(\d+)\.(\d+)'/;
const COMPARE = { '<': (a, b) => a < b, '<=': (a, b) => a <= b, '>': (a, b) => a > b, '>=': (a, b) => a >= b };

/**
 * @param requirements the file's text, as `npm run lock` writes it
 * @param version of the Python that the other pins are for: `3.11.7`
 * @returns each pin with its digests and without its marker, a requirements file of its own
 */
export function otherPatchPins(requirements, version) {
  const [major, minor, patch] = version.split('.').map(Number);
  return (requirements.match(PIN) ?? []).flatMap((pin) => {
    const [, sign, ...limit] = FULL.exec(pin.split('\n')[0]) ?? [];
    if (sign === undefined || Number(limit[0]) !== major || Number(limit[1]) !== minor) return [];
    return COMPARE[sign](patch, Number(limit[2])) ? [] : [pin.replace(/ ; .*?(?= \\\n|\n)/, '')];
  });
}
