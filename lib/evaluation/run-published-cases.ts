// Runs published inputs through a folder of converted models.
import { OVBlipMatcher, OVBlipModel, type LoadModelOptions } from '../generation';
import { BlipProcessor, type ImageSource } from '../preprocessing';
import { measureLatency } from '../timing';
import type { PublishedCase } from './published-results';
import { ExpectedResultsError } from './read-expected';

export interface CaseResult {
  readonly case: PublishedCase;
  readonly ids?: readonly number[];
  /** What the ids say. */
  readonly text?: string;
  readonly score?: number;
  /** Median of the whole task, image included, in milliseconds; undefined when it was not measured. */
  readonly milliseconds?: number;
}

export interface RunOptions extends LoadModelOptions {
  /** Timed runs of each case; 0 for none. */
  readonly runs?: number;
  readonly signal?: AbortSignal;
}

export interface RunResults {
  readonly cases: readonly CaseResult[];
  /** What the device computes in, as far as it says. */
  readonly precision: string;
}

const WARMUP = 2;
const DEFAULT_NEW_TOKENS = 20;

export async function runPublishedCases(
  folder: string,
  cases: readonly PublishedCase[],
  picture: ImageSource,
  options: RunOptions,
): Promise<RunResults> {
  const { runs = 0, signal, ...load } = options;
  const processor = await BlipProcessor.fromCheckpoint(folder);
  const isMatching = cases.some(({ task }) => task === 'match');
  if (isMatching && cases.some(({ task }) => task !== 'match'))
    throw new ExpectedResultsError(
      'The expected results mix match with other tasks; expected those of one checkpoint.',
    );
  const model = isMatching ? await OVBlipMatcher.load(folder, load) : await OVBlipModel.load(folder, load);
  const results: CaseResult[] = [];
  try {
    for (const each of cases) {
      const run = (): Promise<Omit<CaseResult, 'case'>> => {
        signal?.throwIfAborted();
        return model instanceof OVBlipModel
          ? writeText(model, processor, picture, each, signal)
          : scoreText(model, processor, picture, each);
      };
      const result = await run();
      const latency = runs > 0 ? await measureLatency(run, { warmup: WARMUP, runs }) : undefined;
      results.push({ case: each, ...result, ...(latency && { milliseconds: latency.median }) });
    }
    return { cases: results, precision: model instanceof OVBlipModel ? model.precision : 'unknown' };
  } finally {
    model.dispose();
  }
}

async function writeText(
  model: OVBlipModel,
  processor: BlipProcessor,
  picture: ImageSource,
  { task, text, max_new_tokens }: PublishedCase,
  signal: AbortSignal | undefined,
): Promise<{ ids: number[]; text: string }> {
  const pixel_values = await processor.image(picture);
  const inputs = { pixel_values, ...(text !== undefined && processor.text(text)) };
  const options = { max_new_tokens: max_new_tokens ?? DEFAULT_NEW_TOKENS, signal };
  const [ids] =
    task === 'answer'
      ? await model.generateAnswer({ pixel_values, ...processor.text(text ?? '') }, options)
      : await model.generateCaption(inputs, options);
  return { ids, text: processor.decode(ids) };
}

async function scoreText(
  matcher: OVBlipMatcher,
  processor: BlipProcessor,
  picture: ImageSource,
  { text = '' }: PublishedCase,
): Promise<{ score: number }> {
  const [score] = await matcher.match({ pixel_values: await processor.image(picture), ...processor.text(text) });
  return { score };
}
