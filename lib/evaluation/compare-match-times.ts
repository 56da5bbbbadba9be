// Times of two retrieval models per stage and for a whole match, measured in alternation.
import { sampleText } from '../datasets/sample-text';
import type { VqaSample } from '../datasets/vqa-sample';
import type { OVBlipMatcher, PixelInput } from '../generation';
import type { TextInputs } from '../preprocessing';
import { summarize } from '../timing';
import type { MatcherPair } from './compare-matches';
import { comparePair, latencyPair, TIMED_SAMPLES, type ComparedTimes } from './compare-times';

/**
 * Each round matches one text with the next image: the vision model and the text encoder, timed one by one and
 * together.
 */
export async function compareMatchTimes(
  { before, after, processor, progress_callback, signal }: MatcherPair,
  samples: readonly VqaSample[],
  { warmup, runs }: { readonly warmup: number; readonly runs: number },
): Promise<ComparedTimes> {
  const inputs: { pixel_values: PixelInput; text: TextInputs }[] = [];
  for (const sample of samples.slice(0, TIMED_SAMPLES))
    inputs.push({ pixel_values: await processor.image(sample.image), text: processor.text(sampleText(sample)) });
  const timer = (matcher: OVBlipMatcher) => {
    const stages = { vision: [] as number[], text_encoder: [] as number[] };
    const measure = async (): Promise<void> => {
      signal?.throwIfAborted();
      const { pixel_values, text } = inputs[stages.vision.length % inputs.length];
      const start = performance.now();
      const image_embeds = await matcher.encodeImage({ pixel_values });
      const encoded = performance.now();
      await matcher.match({ image_embeds, ...text });
      stages.vision.push(encoded - start);
      stages.text_encoder.push(performance.now() - encoded);
    };
    return { stages, measure };
  };
  const task = 'image-text-matching';
  const [a, b] = [timer(before), timer(after)];
  const pair = { before: a.measure, after: b.measure };
  const whole = await comparePair(task, pair, { warmup, runs, progress_callback });
  const stage = (name: 'vision' | 'text_encoder') =>
    latencyPair(summarize(a.stages[name].slice(warmup)), summarize(b.stages[name].slice(warmup)));
  return {
    vision_model: stage('vision'),
    text_encoder: stage('text_encoder'),
    [task]: latencyPair(whole.before, whole.after),
  };
}
