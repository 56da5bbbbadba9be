// From images to texts, with all stages at work at the same time: several images are read and decoded, the vision model
// runs, the decoder writes the texts of the images before, and finished texts are handed on.
import { OVBlipMatcher, type GenerationOptions, type ImageEmbeds, type OVBlipModel, type Texts } from '../generation';
import { answerRows, captionRows } from '../generation/generate-rows';
import { ImageError, type BlipProcessor } from '../preprocessing';
import type { BatchItem } from './batch-item';
import { Channel } from './channel';
import { encodeImages, type Prepared } from './encode-images';
import { loadItem, type LoadedItem } from './load-item';
import { planMemory } from './plan-memory';
import { planTrial } from './plan-trial';
import { MAX_BATCH, type VisionSetting, type VisionTrial } from './vision-trial';

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
  /** Runs of the vision model at the same time; as the device chooses, or tried out, if absent. */
  readonly streams?: number;
  /** Whether the caller decided about streams by properties. */
  readonly areStreamsDecided: boolean;
  /** Bytes for images in memory. */
  readonly memory_limit: number;
  /** Images that are left, where that is known. */
  readonly left: () => number | undefined;
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

interface Encoded {
  readonly loaded: LoadedItem;
  /** [tokens, hidden] f32. */
  readonly embeds: Float32Array;
  readonly dims: readonly [tokens: number, hidden: number];
}

/** As sharp works in libuv's pool of four threads, in which two are busy with the models. */
const DECODED_AT_ONCE = 3;

/**
 * @returns how the vision model ran
 * @throws what the models throw; the signal's reason when aborted. An image that cannot be used is a failure, not an
 *   error
 */
export async function runStages(
  items: AsyncIterable<BatchItem>,
  settings: StageSettings,
  handlers: StageHandlers,
): Promise<VisionSetting> {
  const { model } = settings;
  const { signal } = settings.generation;
  const plan = planMemory(model.config, settings.memory_limit);
  const trial = planTrial(settings, plan.vision);
  const batch = settings.batch_size ?? Math.min(plan.vision, MAX_BATCH);
  // Two batches wait while one is in the model
  const prepared = new Channel<Prepared>(Math.max(2 * batch, 2 * trial.setting.streams, DECODED_AT_ONCE + 1));
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
    stage(() => encode(model, trial, { input: prepared, output: encoded, handlers }), 1, encoded),
    ...(model instanceof OVBlipMatcher
      ? []
      : [stage(() => write(settings, model, { rows: plan.decoder, input: encoded, handlers }), 1)]),
  ];
  try {
    await Promise.all(stages);
    signal?.throwIfAborted();
    return trial.setting;
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

function encode(
  model: StageSettings['model'],
  trial: VisionTrial,
  {
    input,
    output,
    handlers,
  }: { readonly input: Channel<Prepared>; readonly output: Channel<Encoded>; readonly handlers: StageHandlers },
): Promise<void> {
  const { streams } = model;
  const setStreams = (count: number): Promise<void> => model.setStreams(count);
  if (model instanceof OVBlipMatcher)
    return encodeImages({
      encoder: { streams, setStreams, encode: (pixel_values) => model.getImageFeatures({ pixel_values }) },
      trial,
      input,
      emit: async ({ data, dims: [, numbers] }, images) => {
        for (const [i, loaded] of images.entries())
          handlers.onFeatures(loaded, data.slice(i * numbers, (i + 1) * numbers));
      },
    });
  return encodeImages({
    encoder: { streams, setStreams, encode: (pixel_values) => model.encodeImage({ pixel_values }) },
    trial,
    input,
    emit: async ({ data, dims: [, tokens, hidden] }, images) => {
      const size = tokens * hidden;
      for (const [i, loaded] of images.entries())
        await output.put({ loaded, embeds: data.subarray(i * size, (i + 1) * size), dims: [tokens, hidden] });
    },
  });
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

function join(batch: readonly Encoded[]): ImageEmbeds {
  const [{ dims, embeds }] = batch;
  const data = new Float32Array(batch.length * embeds.length);
  batch.forEach((one, i) => data.set(one.embeds, i * embeds.length));
  return { data, dims: [batch.length, ...dims] };
}
