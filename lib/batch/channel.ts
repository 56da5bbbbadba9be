// A bounded queue between two stages of work: whoever puts in waits for room, whoever takes out waits for enough.

export class Channel<T> {
  readonly #items: T[] = [];
  #waiting: (() => void)[] = [];
  #isClosed = false;
  #failure: { readonly error: unknown } | undefined;

  /** @param capacity items that may wait; whoever takes never asks for more at once */
  constructor(readonly capacity: number) {}

  get length(): number {
    return this.#items.length;
  }

  /** Waits for room. @throws the failure, when the queue has failed */
  async put(item: T): Promise<void> {
    while (!this.#failure && this.#items.length >= this.capacity) await this.#change();
    if (this.#failure) throw this.#failure.error;
    this.#items.push(item);
    this.#wake();
  }

  /**
   * @param count items at most
   * @param enough how many are worth being taken, at least one; `count` by default. Asked again after each change, and
   *   after `recheck`
   * @returns what is there when it is enough, or what is left before the end; empty at the end
   * @throws the failure, when the queue has failed
   */
  async take(count: number, enough: () => number = () => count): Promise<T[]> {
    const isEnough = (): boolean => this.#items.length >= Math.min(Math.max(1, enough()), this.capacity);
    while (!this.#failure && !this.#isClosed && !isEnough()) await this.#change();
    if (this.#failure) throw this.#failure.error;
    const taken = this.#items.splice(0, count);
    this.#wake();
    return taken;
  }

  /** What whoever takes holds for enough has changed. */
  recheck(): void {
    this.#wake();
  }

  /** Nothing more comes. */
  close(): void {
    this.#isClosed = true;
    this.#wake();
  }

  /** Both ends stop with this error. */
  fail(error: unknown): void {
    this.#failure ??= { error };
    this.#wake();
  }

  #change(): Promise<void> {
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  #wake(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const resolve of waiting) resolve();
  }
}
