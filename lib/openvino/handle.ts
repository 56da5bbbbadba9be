// Owns one native handle: freed once, by dispose() or when collected; using it afterwards throws.
import type { CFunctions, FreeName, Pointer } from './c-functions';
import { DisposedError } from './errors';

interface Owned { readonly api: CFunctions; readonly free: FreeName; readonly pointer: Pointer }

const finalizers = new FinalizationRegistry<Owned>(({ api, free, pointer }) => api.free(free, pointer));

export abstract class Handle {
  #pointer: Pointer | null;

  protected constructor(protected readonly api: CFunctions, pointer: Pointer, readonly freeName: FreeName) {
    this.#pointer = pointer;
    finalizers.register(this, { api, free: freeName, pointer }, this);
  }

  /** The native pointer. @throws {DisposedError} after dispose() */
  get pointer(): Pointer {
    if (this.#pointer === null) throw new DisposedError(this.constructor.name);
    return this.#pointer;
  }

  dispose(): void {
    if (this.#pointer === null) return;
    finalizers.unregister(this);
    this.api.free(this.freeName, this.#pointer);
    this.#pointer = null;
  }
}
