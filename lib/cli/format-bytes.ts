// Sizes for people.

const UNITS = ['bytes', 'KB', 'MB', 'GB', 'TB'];

/** @example formatBytes(1_540_000_000) // '1.54 GB' */
export function formatBytes(bytes: number): string {
  const power = bytes < 1000 ? 0 : Math.min(UNITS.length - 1, Math.floor(Math.log10(bytes) / 3));
  const value = bytes / 1000 ** power;
  return `${power === 0 ? value : value.toPrecision(3)} ${UNITS[power]}`;
}
