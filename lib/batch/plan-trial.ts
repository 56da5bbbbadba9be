// What is tried out of the vision model's settings: bounded by memory, by threads that can wait for results, and by
// what the caller has decided.
import type { ImageEncoder } from './encode-images';
import { VisionTrial } from './vision-trial';

/** Threads of libuv's pool unless the environment says otherwise. */
const USUAL_POOL = 4;
/** Of them, one waits for the decoder, and one reads and decodes images. */
const OTHER_THREADS = 2;

export interface TrialSettings {
  readonly encoder: Pick<ImageEncoder, 'streams' | 'threads'>;
  readonly batch_size?: number;
  readonly streams?: number;
  readonly areStreamsDecided: boolean;
  readonly left: () => number | undefined;
  readonly isQuiet: () => boolean;
}

/** @param largest images that may be in the vision model at the same time */
export function planTrial(
  { encoder, batch_size, streams, areStreamsDecided, left, isQuiet }: TrialSettings,
  largest: number,
): VisionTrial {
  const isDecided = streams !== undefined || areStreamsDecided;
  const most = Math.max(1, Math.min(largest, poolSize() - OTHER_THREADS));
  const others = isDecided ? [] : [1, encoder.threads].filter((count) => count >= 1 && count <= most);
  return new VisionTrial({
    streams: streams ?? (isDecided ? encoder.streams : Math.min(encoder.streams, most)),
    other_streams: others,
    ...(batch_size !== undefined && { batch_size }),
    largest,
    left,
    isQuiet,
  });
}

/** One more than there are streams, so that none waits for the event loop, where libuv's pool has a thread for it. */
export function queuedRuns(streams: number): number {
  return Math.max(streams, Math.min(streams + 1, poolSize() - OTHER_THREADS));
}

/** Each run of a model holds a thread of libuv's pool until it ends. */
function poolSize(): number {
  const size = Number(process.env.UV_THREADPOOL_SIZE);
  return Number.isSafeInteger(size) && size >= 1 ? size : USUAL_POOL;
}
