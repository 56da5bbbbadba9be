// The model's request queue: one request at a time, a bounded number waiting; a client that disconnects frees its place
// at once.
import { DemoBusyError } from './errors';

interface Waiting {
  readonly start: () => void;
  readonly on_place?: (place: number) => void;
}

export interface QueueOptions {
  /** Aborted when the client leaves: a request that waits is dropped, and one that runs is cancelled. */
  readonly signal: AbortSignal;
  /**
   * Called with the place in line, 1 for the next one, at the start and whenever it changes. Not called without
   * waiting.
   */
  readonly on_place?: (place: number) => void;
}

/**
 * @example
 * const queue = new RequestQueue(2);
 * await queue.run(() => answer(), { signal: new AbortController().signal });
 */
export class RequestQueue {
  readonly #limit: number;
  readonly #waiting: Waiting[] = [];
  #running = false;

  /** @param limit how many may wait; one more is refused */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /** How many wait behind the one that runs. */
  get length(): number {
    return this.#waiting.length;
  }

  /**
   * Throws {@link DemoBusyError} when the line is full: for a check before the request's body is read.
   */
  checkRoom(): void {
    if (this.#waiting.length >= this.#limit)
      throw new DemoBusyError(`${this.#waiting.length} requests are waiting already. Try again in a moment.`);
  }

  /**
   * Runs `work` when it is its turn.
   *
   * @throws {DemoBusyError} when the line is full
   * @throws the signal's reason when it is aborted while waiting
   */
  async run<T>(work: () => Promise<T>, { signal, on_place }: QueueOptions): Promise<T> {
    signal.throwIfAborted();
    if (this.#running) await this.#wait(signal, on_place);
    this.#running = true;
    try {
      signal.throwIfAborted();
      return await work();
    } finally {
      this.#running = false;
      this.#startNext();
    }
  }

  #wait(signal: AbortSignal, on_place: Waiting['on_place']): Promise<void> {
    this.checkRoom();
    return new Promise((resolve, reject) => {
      const leave = (): void => {
        this.#waiting.splice(this.#waiting.indexOf(entry), 1);
        reject(signal.reason);
        this.#tellPlaces();
      };
      const entry: Waiting = {
        start: () => {
          signal.removeEventListener('abort', leave);
          resolve();
        },
        on_place,
      };
      signal.addEventListener('abort', leave, { once: true });
      this.#waiting.push(entry);
      on_place?.(this.#waiting.length);
    });
  }

  #startNext(): void {
    const next = this.#waiting.shift();
    if (!next) return;
    this.#running = true; // before the promise continues: no other request may start in between
    next.start();
    this.#tellPlaces();
  }

  #tellPlaces(): void {
    for (const [index, { on_place }] of this.#waiting.entries()) on_place?.(index + 1);
  }
}
