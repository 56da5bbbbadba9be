// Runs cells one after the other. When one fails, those that were sent together with it ("Run All") do not run.

const { setTimeout } = require('node:timers'); // cells may change the global ones

/** Milliseconds: cells that were sent with the failed one have arrived by then. */
const WINDOW_MS = 50;

class CellQueue {
  #last = Promise.resolve();
  #round = 0;

  /**
   * @param run gives `{ stops, finish }`: whether the cell failed in a way that stops those behind it, and what tells
   * that it is done; by then those behind it are stopped, and cells that are sent after that run
   * @param abort is called instead for a cell that does not run
   */
  add(run, abort) {
    const round = this.#round;
    const next = this.#last.then(async () => {
      if (round !== this.#round) return abort();
      const { stops, finish } = await run();
      if (stops) {
        await new Promise((resolve) => setTimeout(resolve, WINDOW_MS));
        this.#round++;
      }
      finish();
    });
    this.#last = next.catch(() => {});
    return next;
  }
}

module.exports = { CellQueue };
