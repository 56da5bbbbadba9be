// How long each stage of a question takes: preprocessing, vision model, text encoder, decoder per token.
import type { OVBlipModel } from '../generation';
import type { BlipProcessor, ImageSource } from '../preprocessing';
import { measureLatency, summarize, type Latency } from '../timing';

export interface StageLatency {
  readonly stage: string;
  readonly latency: Latency;
}

export interface MeasureStagesOptions {
  readonly picture: ImageSource;
  readonly question: string;
  readonly runs?: number;
  readonly warmup?: number;
  readonly max_length?: number;
}

/**
 * Milliseconds per stage; the decoder's are per generated token. A captioning model has no text encoder and no answers.
 *
 * @example
 * const stages = await measureStages(model, processor, { picture, question, runs: 20 });
 * stages[1] // { stage: 'vision model', latency: { median: 4.1, ... } }
 */
export async function measureStages(
  model: OVBlipModel,
  processor: BlipProcessor,
  options: MeasureStagesOptions,
): Promise<StageLatency[]> {
  const { picture, question, runs = 20, warmup = 3, max_length = 20 } = options;
  const preprocess = await measureLatency(() => processor.image(picture), { warmup, runs });
  const pixel_values = await processor.image(picture);
  const text = processor.text(question);
  const samples = {
    vision: [] as number[],
    encoder: [] as number[],
    question: [] as number[],
    picture: [] as number[],
  };
  for (let round = -warmup; round < runs; round++) {
    const image_embeds = await model.encodeImage({ pixel_values });
    const vision = model.timings.vision;
    await model.generateCaption({ image_embeds }, { max_length });
    const caption = { ...model.timings };
    if (model.canAnswer) await model.generateAnswer({ image_embeds, ...text }, { max_length });
    const answer = { ...model.timings };
    if (round < 0) continue;
    samples.vision.push(vision);
    samples.picture.push(caption.decoder / caption.decoder_steps);
    samples.encoder.push(answer.text_encoder);
    samples.question.push(answer.decoder / answer.decoder_steps);
  }
  const stages = [
    { stage: 'preprocess', latency: preprocess },
    { stage: 'vision model', latency: summarize(samples.vision) },
    { stage: 'decoder, caption token', latency: summarize(samples.picture) },
  ];
  if (!model.canAnswer) return stages;
  return [
    ...stages,
    { stage: 'text encoder', latency: summarize(samples.encoder) },
    { stage: 'decoder, answer token', latency: summarize(samples.question) },
  ];
}
