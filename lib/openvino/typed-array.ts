// What a typed array really is: read through the language's own getters, which neither a subclass, nor a proxy, nor an
// object that only looks like one can answer for. Arrays of another realm (a notebook's cell) are typed arrays, too.

const PROTOTYPE: unknown = Object.getPrototypeOf(Uint8Array.prototype);

function getter(name: string | symbol): (value: unknown) => unknown {
  const get = Object.getOwnPropertyDescriptor(PROTOTYPE, name)?.get;
  if (!get) throw new TypeError(`This JavaScript has no ${String(name)} of typed arrays`);
  return (value) => Reflect.apply(get, value, []);
}

const kindOf = getter(Symbol.toStringTag);
const lengthOf = getter('length');
const bufferOf = getter('buffer');
const bytesOf = getter('byteLength');

/** The name of its class, such as `Float32Array`; a Buffer is a `Uint8Array`. Undefined for everything else. */
export function typedArrayKind(value: unknown): string | undefined {
  const kind = kindOf(value);
  return typeof kind === 'string' ? kind : undefined;
}

/** How many values it has: 0 after its buffer was transferred. @throws {TypeError} for everything but a typed array */
export function typedArrayLength(value: unknown): number {
  return Number(lengthOf(value));
}

/** @throws {TypeError} for everything but a typed array */
export function typedArrayBytes(value: unknown): number {
  return Number(bytesOf(value));
}

/** Whether its memory can be taken away by `resize()`, or its length changed by `grow()`. */
export function isResizable(value: unknown): boolean {
  const buffer = bufferOf(value);
  if (typeof buffer !== 'object' || buffer === null) return false;
  return ['resizable', 'growable'].some((name) => Reflect.get(buffer, name) === true);
}
