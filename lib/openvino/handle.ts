// Owns one native handle: freed once, by dispose() or when collected; using it afterwards throws.
import type { CFunctions, FreeName, Pointer } from './c-functions';
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
  /** Calls on other threads that use the pointer at this moment. */
  #holds = 0;

  /** @param what the class by its public name, for errors */
  protected constructor(
    protected readonly api: CFunctions,
    pointer: Pointer,
    free: FreeName,
    private readonly what: string,
  ) {
    this.#owned = { api, free, pointer };
    finalizers.register(this, this.#owned, this);
  }

  /** The native pointer. @throws {DisposedError} after dispose() */
  get pointer(): Pointer {
    if (this.#disposed) throw new DisposedError(this.what);
    return this.#owned.pointer;
  }

  /** Runs `fn`, a call on another thread. dispose() meanwhile takes effect for JavaScript at once, and frees when the call is over. */
  async during<T>(fn: () => Promise<T>): Promise<T> {
    void this.pointer;
    this.#holds++;
    try {
      return await fn();
    } finally {
      this.#holds--;
      if (this.#disposed && this.#holds === 0) this.#free();
    }
  }

  dispose(): void {
    if (this.#disposed) return;
    this.#disposed = true;
    finalizers.unregister(this);
    if (this.#holds === 0) this.#free();
  }

  #free(): void {
    this.api.free(this.#owned.free, this.#owned.pointer);
  }
}
