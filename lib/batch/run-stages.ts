// From images to texts, with all stages at work at the same time: several images are read and decoded, the vision model
// runs, the decoder writes the texts of the images before, and finished texts are handed on.
import {
  OVBlipMatcher,
  type GenerationOptions,
  type ImageEmbeds,
  type OVBlipModel,
  type PixelInput,
  type Texts,
} from '../generation';
import { answerRows, captionRows } from '../generation/generate-rows';
import { ImageError, type BlipProcessor } from '../preprocessing';
import type { BatchItem } from './batch-item';
import { Channel } from './channel';
import { BatchSizeTrial } from './choose-batch-size';
import { loadItem, type LoadedItem } from './load-item';
import { planMemory } from './plan-memory';

export interface StageSettings {
  /** One that compares images and texts gives features instead of texts. */
  readonly model: OVBlipModel | OVBlipMatcher;
  readonly processor: BlipProcessor;
  /** Absent for captions. */
  readonly questions?: readonly string[];
  /** Words that captions begin with. */
  readonly prompt?: string;
  readonly generation: GenerationOptions;
  /** Images in a run of the vision model; tried out if absent. */
  readonly batch_size?: number;
  /** Runs of the vision model at the same time. */
  readonly streams: number;
  /** Bytes for images in memory. */
  readonly memory_limit: number;
}

export interface GeneratedText {
  readonly question?: string;
  readonly text: string;
  readonly score: number;
}

export interface StageHandlers {
  /** Whether the image, whose digest is known now, needs no text. */
  readonly skip: (loaded: LoadedItem) => boolean;
  readonly onTexts: (loaded: LoadedItem, texts: readonly GeneratedText[]) => void;
  readonly onFeatures: (loaded: LoadedItem, features: Float32Array) => void;
  readonly onFailure: (item: BatchItem, reason: string) => void;
}

interface Prepared {
  readonly loaded: LoadedItem;
  readonly pixel_values: PixelInput;
}

interface Encoded {
  readonly loaded: LoadedItem;
  /** [tokens, hidden] f32. */
  readonly embeds: Float32Array;
  readonly dims: readonly [tokens: number, hidden: number];
}

/** As sharp works in libuv's pool of four threads, in which two are busy with the models. */
const DECODED_AT_ONCE = 3;

/**
 * @returns the size of the vision model's batches
 * @throws what the models throw; the signal's reason when aborted. An image that cannot be used is a failure, not an
 *   error
 */
export async function runStages(
  items: AsyncIterable<BatchItem>,
  settings: StageSettings,
  handlers: StageHandlers,
): Promise<{ readonly batch_size: number }> {
  const { model, batch_size, streams } = settings;
  const { signal } = settings.generation;
  const plan = planMemory(model.config, settings.memory_limit);
  const trial = new BatchSizeTrial(batch_size ?? (streams > 1 ? 1 : plan.vision), batch_size !== undefined);
  const prepared = new Channel<Prepared>(Math.max(2 * (batch_size ?? plan.vision), DECODED_AT_ONCE + 1));
  const encoded = new Channel<Encoded>(2 * plan.decoder);
  const fail = (error: unknown): void => {
    prepared.fail(error);
    encoded.fail(error);
  };
  const onAbort = (): void => fail(signal?.reason);
  signal?.throwIfAborted();
  signal?.addEventListener('abort', onAbort, { once: true });
  const stage = async (work: () => Promise<void>, workers: number, output?: { close(): void }): Promise<void> => {
    await Promise.all(
      Array.from({ length: workers }, () =>
        work().catch((error: unknown) => {
          fail(error);
          throw error;
        }),
      ),
    );
    output?.close();
  };
  const iterator = items[Symbol.asyncIterator]();
  const stages = [
    stage(() => prepare(iterator, settings, handlers, prepared), DECODED_AT_ONCE, prepared),
    stage(() => encode(settings, trial, { input: prepared, output: encoded, handlers }), streams, encoded),
    ...(model instanceof OVBlipMatcher
      ? []
      : [stage(() => write(settings, model, { rows: plan.decoder, input: encoded, handlers }), 1)]),
  ];
  try {
    await Promise.all(stages);
    signal?.throwIfAborted();
    return { batch_size: trial.size };
  } finally {
    signal?.removeEventListener('abort', onAbort);
    await Promise.allSettled(stages); // nothing of this call runs on after it
    await iterator.return?.();
  }
}

async function prepare(
  iterator: AsyncIterator<BatchItem>,
  { processor, model }: StageSettings,
  { skip, onFailure }: StageHandlers,
  output: Channel<Prepared>,
): Promise<void> {
  const { image_size } = model.config.vision_config;
  for (let next = await iterator.next(); !next.done; next = await iterator.next()) {
    const item = next.value;
    let prepared: Prepared | undefined;
    try {
      const loaded = await loadItem(item);
      if (skip(loaded)) continue;
      const pixel_values = await processor.image(
        Buffer.from(loaded.bytes.buffer, loaded.bytes.byteOffset, loaded.bytes.length),
      );
      const [, , height, width] = pixel_values.dims;
      if (height !== image_size || width !== image_size)
        throw new ImageError(`is ${width} x ${height} pixels; the model takes ${image_size} x ${image_size}.`);
      prepared = { loaded: { ...loaded, bytes: NO_BYTES }, pixel_values };
    } catch (error) {
      if (!(error instanceof ImageError)) throw error;
      onFailure(item, error.message);
    }
    if (prepared) await output.put(prepared);
  }
}

/** What is decoded needs not stay in memory. */
const NO_BYTES = new Uint8Array(0);

async function encode(
  { model }: StageSettings,
  trial: BatchSizeTrial,
  {
    input,
    output,
    handlers,
  }: { readonly input: Channel<Prepared>; readonly output: Channel<Encoded>; readonly handlers: StageHandlers },
): Promise<void> {
  for (let batch = await input.take(trial.size); batch.length > 0; batch = await input.take(trial.size)) {
    const start = performance.now();
    const pixel_values = stack(batch.map((one) => one.pixel_values));
    if (model instanceof OVBlipMatcher) {
      const features = await model.getImageFeatures({ pixel_values });
      trial.record(batch.length, performance.now() - start);
      const numbers = features.dims[1];
      for (const [i, { loaded }] of batch.entries())
        handlers.onFeatures(loaded, features.data.slice(i * numbers, (i + 1) * numbers));
      continue;
    }
    const { data, dims } = await model.encodeImage({ pixel_values });
    trial.record(batch.length, performance.now() - start);
    const [, tokens, hidden] = dims;
    const size = tokens * hidden;
    for (const [i, { loaded }] of batch.entries())
      await output.put({ loaded, embeds: data.subarray(i * size, (i + 1) * size), dims: [tokens, hidden] });
  }
}

async function write(
  { processor, questions, prompt, generation }: StageSettings,
  model: OVBlipModel,
  {
    rows,
    input,
    handlers: { onTexts },
  }: { readonly rows: number; readonly input: Channel<Encoded>; readonly handlers: StageHandlers },
): Promise<void> {
  const begin: Texts | undefined = prompt ? processor.text(prompt) : undefined;
  const asked = questions?.map((question) => ({ question, text: processor.text(question) }));
  for (let batch = await input.take(rows); batch.length > 0; batch = await input.take(rows)) {
    const image_embeds = join(batch);
    if (!asked) {
      await captionRows(model, { image_embeds, ...(begin && { text: begin }) }, generation, ({ row, ids, score }) =>
        onTexts(batch[row].loaded, [{ text: processor.decode(ids), score }]),
      );
      continue;
    }
    const answers = batch.map((): GeneratedText[] => []);
    for (const { question, text } of asked)
      await answerRows(model, { image_embeds, text }, generation, ({ row, ids, score }) => {
        answers[row].push({ question, text: processor.decode(ids), score });
        if (answers[row].length === asked.length) onTexts(batch[row].loaded, answers[row]);
      });
  }
}

function stack(images: readonly PixelInput[]): PixelInput {
  if (images.length === 1) return images[0];
  const [{ dims, data }] = images;
  const all = new Float32Array(images.length * data.length);
  images.forEach((image, i) => all.set(image.data, i * data.length));
  return { data: all, dims: [images.length, dims[1], dims[2], dims[3]] };
}

function join(batch: readonly Encoded[]): ImageEmbeds {
  const [{ dims, embeds }] = batch;
  const data = new Float32Array(batch.length * embeds.length);
  batch.forEach((one, i) => data.set(one.embeds, i * embeds.length));
  return { data, dims: [batch.length, ...dims] };
}
