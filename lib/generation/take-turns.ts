// Calls that run one after another, in the order in which they came.
import { untilAborted } from '../core/until-aborted';
import type { CompiledModel } from '../openvino';
import { runAlone } from './compiled/shared-model';

/**
 * What uses the text decoder takes its turn (docs/decisions/008-one-generation-at-a-time.md). A call that fails does
 * not keep the next one from running.
 */
export class Turns {
  #last: Promise<unknown> = Promise.resolve();

  /** @param decoder it may have other users, which take turns of their own */
  constructor(private readonly decoder: CompiledModel) {}

  /**
   * Runs `use` when all calls before it have ended.
   *
   * @param signal ends the waiting; a call that was aborted while it waited still takes its turn, where it looks at the
   *   signal itself
   * @throws the signal's reason, and whatever `use` throws
   */
  async take<T>(use: () => Promise<T>, signal: AbortSignal | undefined): Promise<T> {
    const before = this.#last;
    const running = before.then(() => runAlone(this.decoder, use));
    this.#last = running.catch(() => undefined);
    await untilAborted(before, signal);
    return running;
  }
}
