// Tells an object of JSON from everything else that JSON holds.

/** True for `{…}`, false for lists, null and plain values. */
export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
