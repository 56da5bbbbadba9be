// Owns one native handle: freed once, by dispose() or by the garbage collector; later use throws.
import type { CFunctions, Pointer } from './c-functions';
import type { FreeName } from './c-signatures';
import { DisposedError } from './errors';

interface Owned {
  readonly api: CFunctions;
  readonly free: FreeName;
  readonly pointer: Pointer;
}

const finalizers = new FinalizationRegistry<Owned>(({ api, free, pointer }) => api.free(free, pointer));

export abstract class Handle {
  readonly #owned: Owned;
  #disposed = false;
  /** Calls in progress on other threads that use the pointer. */
  #users = 0;

  /** @param what the public name of the class, for errors */
  protected constructor(
    protected readonly api: CFunctions,
    pointer: Pointer,
    free: FreeName,
    private readonly what: string,
  ) {
    this.#owned = { api, free, pointer };
    finalizers.register(this, this.#owned, this);
  }

  /** Whether a value is a handle of this library's: not a proxy of one, not one that another library made. */
  static isOf(api: CFunctions, value: unknown): value is Handle {
    return typeof value === 'object' && value !== null && #owned in value && value.#owned.api === api;
  }

  /** The native pointer. @throws {DisposedError} after dispose() */
  get pointer(): Pointer {
    if (this.#disposed) throw new DisposedError(this.what);
    return this.#owned.pointer;
  }

  /**
   * Runs `fn`, a call on another thread. If dispose() is called meanwhile, the handle is freed when the call has ended.
   */
  async during<T>(fn: () => Promise<T>): Promise<T> {
    void this.pointer;
    this.#users++;
    try {
      return await fn();
    } finally {
      this.#users--;
      if (this.#disposed && this.#users === 0) this.#free();
    }
  }

  dispose(): void {
    if (this.#disposed) return;
    this.#disposed = true;
    finalizers.unregister(this);
    if (this.#users === 0) this.#free();
  }

  #free(): void {
    this.api.free(this.#owned.free, this.#owned.pointer);
  }
}
