// Hands items to a writer one after the other: all that came during a write go together into the next.

export class WriteQueue<T> {
  #items: T[] = [];
  #work: Promise<void> | undefined;
  #failure: { readonly error: unknown } | undefined;

  constructor(private readonly write: (items: readonly T[]) => Promise<void>) {}

  /** Does not wait. */
  add(item: T): void {
    this.#items.push(item);
    this.#work ??= this.#run();
  }

  /** @throws what a write threw; nothing is written after it */
  throwFailure(): void {
    if (this.#failure) throw this.#failure.error;
  }

  /** Waits until all is written. @throws what a write threw */
  async end(): Promise<void> {
    await this.#work;
    this.throwFailure();
  }

  async #run(): Promise<void> {
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
