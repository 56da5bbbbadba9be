// How the vision model runs over many images: how many runs at the same time, and images in each. Tried on the first
// images, whose results count like all others.

export interface VisionSetting {
  /** Runs at the same time; the device's threads are divided among them. */
  readonly streams: number;
  /** Images in a run. */
  readonly batch_size: number;
}

export interface TrialOptions {
  /** As the model is compiled now. */
  readonly streams: number;
  /** Further numbers of streams that are tried. */
  readonly other_streams: readonly number[];
  /** Given by the caller; else tried. */
  readonly batch_size?: number;
  /** Images that may be at work at the same time. */
  readonly largest: number;
  /** Images that are left, where that is known. */
  readonly left: () => number | undefined;
  /** Whether nothing else is at work on the device: what is measured beside the decoder tells little. */
  readonly isQuiet: () => boolean;
}

/** Another setting must save this much of the time of an image: more at once needs more memory, and times wobble. */
const MIN_GAIN = 0.05;
/** A larger batch has brought nothing on any machine that was tried. */
export const MAX_BATCH = 16;
/**
 * Another setting is tried only where what is left takes at least so long: the model is compiled anew for it, which
 * takes a second or two, and slower ones are found out at their own pace.
 */
const WORTH_A_TRIAL_MS = 60_000;
/** Images before anything is measured: the decoder is at work by then, too. */
const WARM_UP_IMAGES = 32;
/** Rounds of a setting, in each of which every stream does a run; the shortest counts. */
const ROUNDS = 2;
/**
 * So many are waited for until it is quiet; on a device that is never quiet, all settings are measured beside noise.
 */
const MAX_NOISY_IMAGES = 64;

/**
 * First one image in a run, with the streams that the model has. Where enough is left to do, batches of 2, 4, … until
 * one brings nothing; then other numbers of streams, with as many images at work.
 */
export class VisionTrial {
  readonly #options: TrialOptions;
  /** Of this number of streams, what is still to be tried; smallest batch first. */
  #sizes: number[];
  #streams: readonly number[];
  #setting: VisionSetting;
  readonly #first: VisionSetting;
  #best: { readonly setting: VisionSetting; readonly ms: number } | undefined;
  #runs = 0;
  #roundStart = 0;
  #noisyImages = 0;
  #isNoisy = false;
  /** Quiet ones of this setting. */
  #rounds = 0;
  #fastest = Number.POSITIVE_INFINITY;
  #failures = 0;
  #isOver = false;
  #images = 0;

  constructor(options: TrialOptions) {
    const { streams, batch_size } = options;
    this.#options = options;
    this.#sizes = batch_size === undefined ? sizesUpTo(Math.min(MAX_BATCH, options.largest / streams)) : [batch_size];
    this.#setting = { streams, batch_size: this.#sizes.shift() ?? 1 };
    this.#first = this.#setting;
    this.#streams = options.other_streams.filter((count) => count !== streams);
    this.#isOver = this.#sizes.length === 0 && this.#streams.length === 0;
  }

  /** For the next run. */
  get setting(): VisionSetting {
    return this.#isOver ? (this.#best?.setting ?? this.#first) : this.#setting;
  }

  /** Whether runs are timed now: then nothing else should begin on the device. */
  get isMeasuring(): boolean {
    return !this.#isOver && this.#images > WARM_UP_IMAGES;
  }

  /**
   * A run has ended.
   *
   * @param setting that it was started with
   * @param images that it had: fewer than asked for do not count
   * @param now milliseconds of a clock
   */
  record(setting: VisionSetting, images: number, now: number): void {
    this.#images += images;
    if (this.#isOver || this.#images <= WARM_UP_IMAGES) return;
    if (setting !== this.#setting || images !== setting.batch_size) return;
    const { streams, batch_size } = setting;
    if (!this.#options.isQuiet() && this.#noisyImages < MAX_NOISY_IMAGES) {
      this.#noisyImages += images;
      this.#isNoisy = true;
    }
    this.#runs++;
    if (this.#runs % streams !== 0) return;
    // The first run of each stream prepares memory and kernels
    if (this.#runs > streams && !this.#isNoisy) {
      this.#fastest = Math.min(this.#fastest, (now - this.#roundStart) / (streams * batch_size));
      this.#rounds++;
    }
    this.#roundStart = now;
    this.#isNoisy = false;
    if (this.#rounds === ROUNDS) this.#next();
  }

  /** What was best so far, or tried first, is kept. */
  end(): void {
    this.#best ??= { setting: this.#first, ms: Number.POSITIVE_INFINITY };
    this.#isOver = true;
  }

  #next(): void {
    const setting = this.#setting;
    const isBetter = this.#best === undefined || this.#fastest < this.#best.ms * (1 - MIN_GAIN);
    if (isBetter) this.#best = { setting, ms: this.#fastest };
    this.#failures = isBetter ? 0 : this.#failures + 1;
    this.#runs = 0;
    this.#rounds = 0;
    this.#noisyImages = 0;
    this.#fastest = Number.POSITIVE_INFINITY;
    const left = this.#options.left() ?? Number.POSITIVE_INFINITY;
    this.#isOver = left * (this.#best?.ms ?? 0) < WORTH_A_TRIAL_MS;
    if (this.#isOver) return;
    // One stream: two sizes in a row without a gain. Several streams have as many images at work already: one
    const size = this.#failures < (setting.streams > 1 ? 1 : 2) ? this.#sizes.shift() : undefined;
    if (size !== undefined) this.#setting = { ...setting, batch_size: size };
    else this.#nextStreams();
  }

  #nextStreams(): void {
    const [streams, ...others] = this.#streams;
    const { batch_size, largest } = this.#options;
    const best = this.#best?.setting ?? this.#setting;
    this.#sizes = [];
    this.#streams = others;
    this.#isOver = streams === undefined;
    if (this.#isOver) return;
    const atWork = Math.min(largest, best.streams * best.batch_size);
    this.#setting = {
      streams,
      batch_size: batch_size ?? Math.min(MAX_BATCH, Math.max(1, Math.floor(atWork / streams))),
    };
  }
}

function sizesUpTo(largest: number): number[] {
  const sizes = [1];
  for (let size = 2; size <= largest; size *= 2) sizes.push(size);
  return sizes;
}
