// Images behind addresses are fetched before they are wanted, many at once: a server answers in tenths of a second, and
// one that is down only after a minute.
import { ImageError } from '../preprocessing';
import { readImageSource } from '../preprocessing/read-image-source';
import type { BatchItem } from './batch-item';

/** More would strain a single server; with as many, answers after half a second keep 30 images a second coming. */
const FETCHED_AT_ONCE = 16;
const WEB_ADDRESS = /^https?:/i;

/**
 * The same items, those with a web address with their bytes, as soon as they are there.
 *
 * @param onFailure called for those that cannot be fetched
 */
export async function* fetchAhead(
  items: AsyncIterable<BatchItem>,
  onFailure: (item: BatchItem, problem: string) => void,
): AsyncGenerator<BatchItem, void, undefined> {
  const iterator = items[Symbol.asyncIterator]();
  const ready: BatchItem[] = [];
  const running = new Set<Promise<unknown>>();
  let coming: Promise<unknown> | undefined;
  let isOver = false;
  let failure: { readonly error: unknown } | undefined;
  const fail = (error: unknown): void => {
    failure ??= { error };
  };
  const fetchItem = async (item: BatchItem, source: string): Promise<void> => {
    try {
      ready.push({ ...item, source: (await readImageSource(source)).bytes });
    } catch (error) {
      if (!(error instanceof ImageError)) throw error;
      onFailure(item, error.message);
    }
  };
  const take = ({ done, value }: IteratorResult<BatchItem, unknown>): void => {
    coming = undefined;
    if (done) isOver = true;
    else if (typeof value.source !== 'string' || !WEB_ADDRESS.test(value.source)) ready.push(value);
    else {
      const work: Promise<unknown> = fetchItem(value, value.source)
        .catch(fail)
        .finally(() => running.delete(work));
      running.add(work);
    }
  };
  try {
    for (;;) {
      for (let item = ready.shift(); item; item = ready.shift()) yield item;
      if (failure) throw failure.error;
      if (!isOver && running.size < FETCHED_AT_ONCE) coming ??= iterator.next().then(take).catch(fail);
      if (!coming && running.size === 0 && ready.length === 0) return;
      await Promise.race([...(coming ? [coming] : []), ...running]);
    }
  } finally {
    await iterator.return?.();
  }
}
