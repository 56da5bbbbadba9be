// Images through the vision model, several at the same time, while the settings that are fastest are found out.
import type { RgbImage } from '../preprocessing';
import type { Channel } from './channel';
import type { LoadedItem } from './load-item';
import type { VisionSetting, VisionTrial } from './vision-trial';

export interface Prepared {
  readonly loaded: LoadedItem;
  /** Of the model's size, not scaled yet: a quarter of what the model reads. */
  readonly image: RgbImage;
}

/** What the vision model gives for one image: states of its patches, or features. */
export interface EncodedImage {
  readonly loaded: LoadedItem;
  readonly data: Float32Array;
  readonly dims: readonly number[];
  /** Called once when `data` is not needed any more. */
  release(): void;
}

/** What a run gives for its images, one after the other: `dims` begin with their number. */
export interface EncodedBatch {
  readonly data: Float32Array;
  readonly dims: readonly number[];
  release(): void;
}

/** The vision model. */
export interface ImageEncoder {
  /** Runs at the same time that it is compiled for. */
  readonly streams: number;
  /** Of the processor; 0 where it does not run there. */
  readonly threads: number;
  setStreams(streams: number): Promise<void>;
  encode(images: readonly RgbImage[]): Promise<EncodedBatch>;
}

export interface EncodePlan {
  readonly encoder: ImageEncoder;
  readonly trial: VisionTrial;
  readonly input: Channel<Prepared>;
  readonly output: Channel<EncodedImage>;
  /** Runs that are begun for so many streams: one more, so that none waits for this thread. */
  readonly runsAtOnce: (streams: number) => number;
}

export class VisionStage {
  readonly #plan: EncodePlan;
  readonly #running = new Set<Promise<void>>();
  readonly #failures: unknown[] = [];

  constructor(plan: EncodePlan) {
    this.#plan = plan;
  }

  /** Whether it waits for images, and has none at work: what it gave will not become more soon. */
  get isStarved(): boolean {
    return this.#running.size === 0 && this.#plan.input.length === 0;
  }

  /** @throws what the model throws, once all runs have ended */
  async run(): Promise<void> {
    const { encoder, trial, input, runsAtOnce } = this.#plan;
    const running = this.#running;
    let compiled = encoder.streams;
    try {
      for (;;) {
        while (running.size >= runsAtOnce(trial.setting.streams)) await Promise.race(running);
        this.#throwFailure();
        const { setting } = trial;
        if (setting.streams !== compiled) {
          await Promise.all(running);
          if (trial.setting !== setting) continue; // decided by what ended meanwhile
          compiled = await this.#compile(setting.streams, compiled);
          continue;
        }
        // What is there is done at once where nothing else is at work
        const { batch_size } = setting;
        const batch = await input.take(batch_size, () => (running.size === 0 ? 1 : batch_size));
        if (batch.length === 0) break;
        this.#start(batch, setting);
      }
      await Promise.all(running);
      this.#throwFailure();
    } finally {
      await Promise.all(running);
    }
  }

  /** @returns as how many streams the model is compiled now */
  async #compile(streams: number, before: number): Promise<number> {
    const { encoder, trial } = this.#plan;
    try {
      await encoder.setStreams(streams);
      return streams;
    } catch (error) {
      trial.end();
      if (trial.setting.streams !== before) throw error; // else it was a try
      return before;
    }
  }

  #start(batch: readonly Prepared[], setting: VisionSetting): void {
    const { input, output } = this.#plan;
    const run = this.#encode(batch, setting)
      .catch((error: unknown) => {
        this.#failures.push(error);
        input.fail(error); // ends the loop where it waits for images
      })
      .finally(() => {
        this.#running.delete(run);
        input.recheck();
        output.recheck();
      });
    this.#running.add(run);
  }

  async #encode(batch: readonly Prepared[], setting: VisionSetting): Promise<void> {
    const { encoder, trial, output } = this.#plan;
    const { data, dims, release } = await encoder.encode(batch.map(({ image }) => image));
    trial.record(setting, batch.length, performance.now());
    const size = data.length / batch.length;
    let inUse = batch.length;
    const releaseOne = (): void => {
      if (--inUse === 0) release();
    };
    for (const [i, { loaded }] of batch.entries())
      await output.put({
        loaded,
        data: data.subarray(i * size, (i + 1) * size),
        dims: dims.slice(1),
        release: releaseOne,
      });
  }

  #throwFailure(): void {
    if (this.#failures.length > 0) throw this.#failures[0];
  }
}
