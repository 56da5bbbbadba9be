// Work that an interrupt of the kernel stops; many such calls leave nothing behind that listens.
import assert from 'node:assert/strict';
import { getEventListeners } from 'node:events';
import { describe, it } from 'node:test';
import { interruptSignal, withInterrupt } from '../../lib/core/interrupt-signal';

const interrupt = (): void => {
  const emitter: NodeJS.EventEmitter = process;
  emitter.emit('cell-interrupt');
};

describe('withInterrupt', () => {
  it('passes on an interrupt, and the abort of the own signal, with its reason', async () => {
    const own = new AbortController();
    await withInterrupt(own.signal, async (signal) => {
      own.abort(new Error('mine'));
      assert.throws(() => signal.throwIfAborted(), /mine/);
    });
    await withInterrupt(own.signal, async (signal) => assert.equal(signal.aborted, true));
    await withInterrupt(undefined, async (signal) => {
      interrupt();
      assert.throws(() => signal.throwIfAborted(), /Interrupted/);
    });
    await withInterrupt(undefined, async (signal) => assert.equal(signal.aborted, false));
  });

  it('listens to nothing after a hundred calls, whether they fail or not', async () => {
    const own = new AbortController();
    for (let i = 0; i < 100; i++) {
      await withInterrupt(own.signal, async () => i);
      await assert.rejects(
        withInterrupt(own.signal, () => Promise.reject(new RangeError())),
        RangeError,
      );
    }
    for (const signal of [own.signal, interruptSignal()]) assert.equal(getEventListeners(signal, 'abort').length, 0);
    assert.equal(process.listenerCount('cell-interrupt'), 1);
  });
});
