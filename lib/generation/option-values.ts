// Reads values of generation options, with the option's name in every error.
import { GenerationOptionsError } from './generation-options-error';

type Options = Readonly<Record<string, unknown>>;

function fail(name: string, value: unknown, expected: string): GenerationOptionsError {
  const shown = typeof value === 'string' ? JSON.stringify(value.slice(0, 80)) : describe(value);
  return new GenerationOptionsError(`${name} is ${shown}, expected ${expected}.`);
}

function describe(value: unknown): string {
  if (typeof value === 'bigint') return `${value}n`;
  if (Array.isArray(value)) return 'a list';
  return typeof value === 'object' && value !== null ? 'an object' : String(value);
}

export function count(options: object, name: string, fallback: number, minimum: number): number {
  const value = (options as Options)[name] ?? fallback;
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < minimum)
    throw fail(name, value, `a whole number of at least ${minimum}`);
  return value;
}

export function token(options: object, name: string, fallback: number, vocab_size: number): number {
  const value = count(options, name, fallback, 0);
  if (value >= vocab_size) throw fail(name, value, `a token id below ${vocab_size}, the size of the vocabulary`);
  return value;
}

export function real(options: object, name: string, fallback: number): number {
  const value = (options as Options)[name] ?? fallback;
  if (typeof value !== 'number' || !Number.isFinite(value)) throw fail(name, value, 'a number');
  return value;
}

export function positive(options: object, name: string, fallback: number): number {
  const value = real(options, name, fallback);
  if (value <= 0) throw fail(name, value, 'a number above 0');
  return value;
}

export function flag(options: object, name: string): boolean {
  const value = (options as Options)[name] ?? false;
  if (typeof value !== 'boolean') throw fail(name, value, 'true or false');
  return value;
}
