// How long each stage of a question takes: preprocessing, vision model, text encoder, decoder per token.
import type { OVBlipModel } from '../generation';
import type { BlipProcessor, ImageSource } from '../preprocessing';
import { measureLatency, summarize, type Latency } from '../timing';

export interface StageLatency { readonly stage: string; readonly latency: Latency }

export interface MeasureStagesOptions {
  readonly picture: ImageSource;
  readonly question: string;
  readonly runs?: number;
  readonly warmup?: number;
  readonly max_length?: number;
}

/**
 * Milliseconds per stage; the decoder's count is per generated token of a caption.
 *
 * @example
 * const stages = await measureStages(model, processor, { picture, question, runs: 20 });
 * stages[1] // { stage: 'vision model', latency: { median: 4.1, ... } }
 */
export async function measureStages(model: OVBlipModel, processor: BlipProcessor, options: MeasureStagesOptions): Promise<StageLatency[]> {
  const { picture, question, runs = 20, warmup = 3, max_length = 20 } = options;
  const preprocess = await measureLatency(() => processor.image(picture), { warmup, runs });
  const pixel_values = await processor.image(picture);
  const text = processor.text(question);
  const samples = { vision: [] as number[], encoder: [] as number[], question: [] as number[], picture: [] as number[] };
  for (let round = -warmup; round < runs; round++) {
    await model.generateAnswer({ pixel_values, ...text }, { max_length });
    const answer = { ...model.timings };
    await model.generateCaption({ image_embeds: await model.encodeImage({ pixel_values }) }, { max_length });
    const caption = { ...model.timings };
    if (round < 0) continue;
    samples.vision.push(answer.vision);
    samples.encoder.push(answer.text_encoder);
    samples.question.push(answer.decoder / answer.decoder_steps);
    samples.picture.push(caption.decoder / caption.decoder_steps);
  }
  return [
    { stage: 'preprocess', latency: preprocess }, { stage: 'vision model', latency: summarize(samples.vision) }, { stage: 'text encoder', latency: summarize(samples.encoder) },
    { stage: 'decoder, per answer token', latency: summarize(samples.question) }, { stage: 'decoder, per caption token', latency: summarize(samples.picture) },
  ];
}
