// The one ancestor of every error this library throws on purpose: what was wrong, where, and what to do.

/** Base class: `error instanceof BlipError` tells a mistake this library explains from one it did not foresee. */
export class BlipError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = new.target.name;
  }
}
