// A user's callback that throws, or whose promise is rejected, rejects the call; nothing is left unhandled, which would
// end the process.
import assert from 'node:assert/strict';
import { setTimeout as delay } from 'node:timers/promises';
import { describe, it } from 'node:test';
import { untilAborted } from '../../lib/core/until-aborted';
import { withCallbacks } from '../../lib/core/with-callbacks';

/** A call with three reports, each followed by some work. */
function call(callback: ((step: number) => void) | undefined, signal?: AbortSignal): Promise<string> {
  return withCallbacks(signal, async (guard) => {
    const report = guard(callback);
    for (const step of [1, 2, 3]) {
      report(step);
      await delay(1);
    }
    return 'done';
  });
}

describe('withCallbacks', () => {
  it('passes arguments on, and works without a callback', async () => {
    const steps: number[] = [];
    assert.equal(await call((step) => steps.push(step)), 'done');
    assert.deepEqual(steps, [1, 2, 3]);
    assert.equal(await call(undefined), 'done');
  });

  it('throws what the callback throws, where it is called', async () => {
    const steps: number[] = [];
    const callback = (step: number): void => {
      steps.push(step);
      throw new TypeError(`at ${step}`);
    };
    await assert.rejects(call(callback), { name: 'TypeError', message: 'at 1' });
    assert.deepEqual(steps, [1]);
  });

  it('throws a rejection at the next call of the callback', async () => {
    const steps: number[] = [];
    const callback = async (step: number): Promise<void> => {
      steps.push(step);
      throw new TypeError(`at ${step}`);
    };
    await assert.rejects(call(callback), { name: 'TypeError', message: 'at 1' });
    assert.deepEqual(steps, [1]);
  });

  it('waits at the end for promises that are pending, and rejects with the first rejection', async () => {
    let finished = 0;
    const slow = async (): Promise<void> => {
      await delay(20);
      finished++;
    };
    assert.equal(await call(slow), 'done');
    assert.equal(finished, 3);
    const late = async (step: number): Promise<void> => {
      await delay(20 * step);
      throw new RangeError(`late ${step}`);
    };
    await assert.rejects(call(late), { name: 'RangeError', message: 'late 1' });
  });

  it('does not wait for a pending promise once the signal aborts', async () => {
    const controller = new AbortController();
    setTimeout(() => controller.abort(new Error('stopped')), 20);
    await assert.rejects(
      call(() => new Promise<void>(() => {}), controller.signal),
      /stopped/,
    );
  });

  it('the error of the call itself comes first, and a later rejection is not left unhandled', async () => {
    const run = withCallbacks(undefined, async (guard) => {
      guard(async () => {
        await delay(5);
        throw new Error('of the callback');
      })();
      throw new Error('of the call');
    });
    await assert.rejects(run, /of the call/);
    await delay(10); // an unhandled rejection would fail this file
  });
});

describe('untilAborted', () => {
  it('gives what the promise gives, with and without a signal', async () => {
    assert.equal(await untilAborted(Promise.resolve(1), undefined), 1);
    assert.equal(await untilAborted(Promise.resolve(1), new AbortController().signal), 1);
    await assert.rejects(untilAborted(Promise.reject(new Error('its own')), new AbortController().signal), /its own/);
  });

  it('rejects with the reason at once, and handles what the promise does later', async () => {
    const controller = new AbortController();
    const late = delay(20).then(() => Promise.reject(new Error('too late')));
    const waiting = untilAborted(late, controller.signal);
    controller.abort(new Error('enough'));
    await assert.rejects(waiting, /enough/);
    await assert.rejects(untilAborted(delay(1000), AbortSignal.abort(new Error('before'))), /before/);
    await delay(30);
  });
});
