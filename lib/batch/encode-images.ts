// Images through the vision model, several at the same time, while the settings that are fastest are found out.
import type { PixelInput } from '../generation';
import type { Channel } from './channel';
import type { LoadedItem } from './load-item';
import type { VisionSetting, VisionTrial } from './vision-trial';

export interface Prepared {
  readonly loaded: LoadedItem;
  readonly pixel_values: PixelInput;
}

/** The vision model. */
export interface ImageEncoder<T> {
  /** Runs at the same time that it is compiled for. */
  readonly streams: number;
  setStreams(streams: number): Promise<void>;
  encode(pixel_values: PixelInput): Promise<T>;
}

export interface EncodePlan<T> {
  readonly encoder: ImageEncoder<T>;
  readonly trial: VisionTrial;
  readonly input: Channel<Prepared>;
  /** Hands on what a run gave for its images. */
  readonly emit: (encoded: T, images: readonly LoadedItem[]) => Promise<void>;
}

/** @throws what the model throws */
export async function encodeImages<T>(plan: EncodePlan<T>): Promise<void> {
  const { encoder, trial, input } = plan;
  const running = new Set<Promise<void>>();
  let compiled = encoder.streams;
  const failures: unknown[] = [];
  const start = (batch: readonly Prepared[], setting: VisionSetting): void => {
    const run = encodeBatch(plan, batch, setting)
      .catch((error: unknown) => {
        failures.push(error);
        input.fail(error); // ends the loop below where it waits for images
      })
      .finally(() => running.delete(run));
    running.add(run);
  };
  try {
    for (;;) {
      while (running.size >= trial.setting.streams) await Promise.race(running);
      if (failures.length > 0) throw failures[0];
      const { setting } = trial;
      if (setting.streams !== compiled) {
        await Promise.all(running);
        if (trial.setting !== setting) continue; // decided by what ended meanwhile
        try {
          await encoder.setStreams(setting.streams);
          compiled = setting.streams;
        } catch (error) {
          trial.end();
          if (trial.setting.streams !== compiled) throw error; // else it was a try
        }
        continue;
      }
      const batch = await input.take(setting.batch_size);
      if (batch.length === 0) break;
      start(batch, setting);
    }
    await Promise.all(running);
    if (failures.length > 0) throw failures[0];
  } finally {
    await Promise.all(running);
  }
}

async function encodeBatch<T>(
  { encoder, trial, emit }: EncodePlan<T>,
  batch: readonly Prepared[],
  setting: VisionSetting,
): Promise<void> {
  const encoded = await encoder.encode(stack(batch.map((one) => one.pixel_values)));
  trial.record(setting, batch.length, performance.now());
  await emit(
    encoded,
    batch.map(({ loaded }) => loaded),
  );
}

function stack(images: readonly PixelInput[]): PixelInput {
  if (images.length === 1) return images[0];
  const [{ dims, data }] = images;
  const all = new Float32Array(images.length * data.length);
  images.forEach((image, i) => all.set(image.data, i * data.length));
  return { data: all, dims: [images.length, dims[1], dims[2], dims[3]] };
}
