// An argument of any kind as it stands in a message. Looks into nothing: a proxy's traps or an object's getters could
// throw.
import { quote } from '../core/quote';

/**
 * @example
 * describeArgument(5)    // '5 (a number)'
 * describeArgument('GPU') // '"GPU"'
 * describeArgument({})   // 'an object'
 */
export function describeArgument(value: unknown): string {
  if (typeof value === 'string') return quote(value);
  if (typeof value === 'number') return `${value} (a number)`;
  if (typeof value === 'object' && value !== null) return isList(value) ? 'a list' : 'an object';
  if (value === null || value === undefined || typeof value === 'boolean') return String(value);
  return `a ${typeof value}`;
}

function isList(value: unknown): boolean {
  try {
    return Array.isArray(value);
  } catch {
    return false; // a revoked proxy
  }
}
