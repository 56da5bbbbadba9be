// From images to texts, with all stages at work at the same time: several images are read and decoded, the vision model
// runs, the decoder writes the texts of the images before, and finished texts are handed on.
import { untilAborted } from '../core/until-aborted';
import { ImageError } from '../preprocessing';
import type { BatchItem } from './batch-item';
import { Channel } from './channel';
import { VisionStage, type EncodedImage, type ImageEncoder, type Prepared } from './encode-images';
import type { MemoryPlan } from './plan-memory';
import { planTrial, queuedRuns } from './plan-trial';
import { MAX_BATCH, type VisionSetting } from './vision-trial';

/** What the stages do; simple functions in tests. */
export interface StageWork {
  /**
   * Reads and decodes.
   *
   * @returns undefined for an image that needs no text
   * @throws {ImageError} when it cannot be used
   */
  prepare(item: BatchItem): Promise<Prepared | undefined>;
  readonly encoder: ImageEncoder;
  /** Writes the texts of a batch of images and hands them on. */
  finish(batch: readonly EncodedImage[]): Promise<void>;
}

export interface StageSettings {
  readonly signal?: AbortSignal;
  /** Images in a run of the vision model; tried out if absent. */
  readonly batch_size?: number;
  /** Runs of the vision model at the same time; as the device chooses, or tried out, if absent. */
  readonly streams?: number;
  /** Whether the caller decided about streams by properties. */
  readonly areStreamsDecided: boolean;
  readonly memory: MemoryPlan;
  /** Whether the device goes on with the next run by itself when one has ended. */
  readonly canQueue: boolean;
  /** Images that are left, where that is known. */
  readonly left: () => number | undefined;
  readonly onFailure: (item: BatchItem, reason: string) => void;
}

/** As sharp works in libuv's pool of four threads, in which two are busy with the models. */
const DECODED_AT_ONCE = 3;
/**
 * What is being read when all is over gets so long: an address, or a list that somebody types, may take much longer.
 */
const GRACE_MS = 1_000;

/**
 * @returns how the vision model ran
 * @throws what the work throws; the signal's reason when aborted. An image that cannot be used is a failure, not an
 *   error
 */
export async function runStages(
  items: AsyncIterable<BatchItem>,
  work: StageWork,
  settings: StageSettings,
): Promise<VisionSetting> {
  const { signal, memory, batch_size } = settings;
  let isFinishing = false;
  const isQuiet = (): boolean => !isFinishing;
  const trial = planTrial({ ...settings, encoder: work.encoder, isQuiet }, memory.vision);
  const batch = batch_size ?? Math.min(memory.vision, MAX_BATCH);
  // Two batches wait while one is in the model
  const prepared = new Channel<Prepared>(Math.max(2 * batch, 2 * trial.setting.streams, DECODED_AT_ONCE + 1));
  const encoded = new Channel<EncodedImage>(2 * memory.decoder);
  const over = new AbortController();
  const fail = (error: unknown): void => {
    prepared.fail(error);
    encoded.fail(error);
    over.abort(error);
  };
  const onAbort = (): void => fail(signal?.reason);
  signal?.throwIfAborted();
  signal?.addEventListener('abort', onAbort, { once: true });
  const stage = (run: () => Promise<void>, output?: { close(): void }): Promise<void> =>
    run().then(
      () => output?.close(),
      (error: unknown) => {
        fail(error);
        throw error;
      },
    );
  const iterator = items[Symbol.asyncIterator]();
  const source = { iterator, prepare: work.prepare, onFailure: settings.onFailure, over: over.signal };
  const vision = new VisionStage({
    encoder: work.encoder,
    trial,
    input: prepared,
    output: encoded,
    runsAtOnce: (streams) => (settings.canQueue ? queuedRuns(streams) : streams),
  });
  /** Full batches as long as there will be some, since more rows take the decoder less time each. */
  const enough = (): number => {
    if (vision.isStarved) return 1;
    return trial.isMeasuring ? encoded.capacity : memory.decoder;
  };
  const finishAll = async (): Promise<void> => {
    for (;;) {
      const images = await encoded.take(memory.decoder, enough);
      if (images.length === 0) return;
      isFinishing = true;
      await work.finish(images);
      isFinishing = false;
    }
  };
  const preparing = prepareAll(source, prepared);
  const stages = [
    stage(() => untilAborted(preparing, over.signal), prepared),
    stage(() => vision.run(), encoded),
    stage(finishAll),
  ];
  try {
    await Promise.all(stages);
    signal?.throwIfAborted();
    return trial.setting;
  } finally {
    signal?.removeEventListener('abort', onAbort);
    await Promise.allSettled(stages); // no model of this call runs on after it
    await atMost(GRACE_MS, [preparing, iterator.return?.()]);
  }
}

/** Waits for all, whatever becomes of them, but not for ever. */
async function atMost(ms: number, work: readonly unknown[]): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const time = new Promise((resolve) => {
    timer = setTimeout(resolve, ms);
  });
  await Promise.race([Promise.allSettled(work), time]);
  clearTimeout(timer);
}

interface Source {
  readonly iterator: AsyncIterator<BatchItem>;
  readonly prepare: StageWork['prepare'];
  readonly onFailure: StageSettings['onFailure'];
  /** Aborted when nothing that is prepared counts any more. */
  readonly over: AbortSignal;
}

async function prepareAll(source: Source, output: Channel<Prepared>): Promise<void> {
  await Promise.all(Array.from({ length: DECODED_AT_ONCE }, () => prepareEach(source, output)));
}

async function prepareEach({ iterator, prepare, onFailure, over }: Source, output: Channel<Prepared>): Promise<void> {
  for (let next = await iterator.next(); !next.done && !over.aborted; next = await iterator.next()) {
    const item = next.value;
    let prepared: Prepared | undefined;
    try {
      prepared = await prepare(item);
    } catch (error) {
      if (!(error instanceof ImageError)) throw error;
      if (!over.aborted) onFailure(item, error.message);
    }
    if (prepared) await output.put(prepared);
  }
}
