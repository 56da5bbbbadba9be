// Hands items to a writer one after the other: all that came during a write go together into the next.

export class WriteQueue<T> {
  #items: T[] = [];
  #work: Promise<void> | undefined;
  #failure: { readonly error: unknown } | undefined;

  constructor(private readonly write: (items: readonly T[]) => Promise<void>) {}

  /** Does not wait. @throws what a write threw; nothing is written after it */
  add(item: T): void {
    this.#throwFailure();
    this.#items.push(item);
    this.#work ??= this.#run();
  }

  /** Waits until all is written. @throws what a write threw */
  async end(): Promise<void> {
    await this.#work;
    this.#throwFailure();
  }

  #throwFailure(): void {
    if (this.#failure) throw this.#failure.error;
  }

  async #run(): Promise<void> {
    await new Promise((resolve) => setImmediate(resolve)); // several that come together are written together
    while (this.#items.length > 0 && !this.#failure) {
      const items = this.#items;
      this.#items = [];
      try {
        await this.write(items);
      } catch (error) {
        this.#failure = { error };
      }
    }
    this.#work = undefined;
  }
}
