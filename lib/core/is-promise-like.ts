// Whether a callback returned a promise. instanceof would miss promises of other realms, such as a notebook's cell.

export function isPromiseLike(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function';
}
