// Values of every kind that a call does not expect, the same in each process.

export const ODD_VALUES: readonly (readonly [name: string, value: () => unknown])[] = [
  ['undefined', () => undefined],
  ['null', () => null],
  ['a number', () => 5],
  ['a negative number', () => -1],
  ['NaN', () => Number.NaN],
  ['a bigint', () => 123456789n],
  ['a boolean', () => true],
  ['a symbol', () => Symbol('odd')],
  ['an empty object', () => ({})],
  ['an object without a prototype', () => Object.create(null)],
  ['a list', () => [1, 'a', null]],
  ['a function', () => () => 5],
  ['a huge string', () => 'x'.repeat(1_000_000)],
  ['a string with a null character', () => 'a\0b'],
  ['a Buffer', () => Buffer.from('odd')],
  ['a proxy that throws', throwingProxy],
];

/** Thrown by the caller's own code: it may come back as it is. */
export class TrapError extends Error {}

function throwingProxy(): unknown {
  const fail = (): never => {
    throw new TrapError('a trap of the proxy');
  };
  return new Proxy({}, { get: fail, has: fail, ownKeys: fail, getPrototypeOf: fail, getOwnPropertyDescriptor: fail });
}
