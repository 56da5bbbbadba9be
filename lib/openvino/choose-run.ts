// Whether an asynchronous inference of openvino-node is worth its thread: the addon starts one for each and copies what
// it returns across, which takes longer than a tiny model's whole inference.

/** An inference as short as this may run on the event loop: a frame of 60 a second is 17 ms. */
const SHORT_MS = 1;
/** The event loop gets its turn after this much time in short inferences. */
const TURN_MS = 4;
/** Inputs that may grow by this factor over those of the short inference, such as a text by its next token. */
const GROWTH = 2;

/** The inferences of one compiled model. */
export class RunChooser {
  #ms = Number.POSITIVE_INFINITY;
  #elements = 0;
  #lastTurn = 0;

  /** Whether the last inference was short, and with inputs about as large as these. */
  isShort(elements: number): boolean {
    return this.#ms < SHORT_MS && elements <= this.#elements * GROWTH;
  }

  /** Runs and remembers how long it took, with inputs of so many elements. */
  measure<T>(elements: number, run: () => T): T {
    const start = performance.now();
    const result = run();
    this.#remember(elements, start);
    return result;
  }

  async measureAsync<T>(elements: number, run: () => Promise<T>): Promise<T> {
    const start = performance.now();
    const result = await run();
    this.#remember(elements, start);
    this.#lastTurn = performance.now();
    return result;
  }

  /** Lets timers, requests and interrupts through when they have waited for long enough. */
  async turn(): Promise<void> {
    if (performance.now() - this.#lastTurn < TURN_MS) return;
    await new Promise((resolve) => setImmediate(resolve));
    this.#lastTurn = performance.now();
  }

  #remember(elements: number, start: number): void {
    this.#ms = performance.now() - start;
    this.#elements = elements;
  }
}
