// Answers that are chosen from a list instead of written.
import { describeValue } from '../core/describe-value';
import type { OVBlipModel, RankAnswersOptions, ImageTextInputs } from '../generation';
import { RANK_OPTIONS } from '../generation/rank-questions';
import type { BlipProcessor } from '../preprocessing';
import { PipelineError } from './pipeline-error';

/** With `candidates`, the best of these answers is looked for, by BLIP's rank mode: see OVBlipModel.rankAnswers. */
export interface CandidateOptions extends RankAnswersOptions {
  /** Answers to choose from, one to any number. */
  readonly candidates?: readonly string[];
}

/** @returns per question its candidates with the most likely first tokens, ranked, at most num_ans_candidates */
export async function rankCandidates(
  model: OVBlipModel,
  processor: Pick<BlipProcessor, 'text'>,
  inputs: ImageTextInputs,
  { candidates, ...options }: CandidateOptions,
): Promise<{ answer: string; score: number }[][]> {
  const texts = checkCandidates(candidates);
  for (const [name, value] of Object.entries(options))
    if (value !== undefined && !RANK_OPTIONS.some((known) => known === name))
      throw new PipelineError(
        `${name}: with candidates no text is written. Leave one of them out. Options beside candidates: ` +
          `${RANK_OPTIONS.join(', ')}.`,
      );
  const ranked = await model.rankAnswers(inputs, processor.text(texts), options);
  return ranked.map((question) => question.map(({ index, score }) => ({ answer: texts[index], score })));
}

function checkCandidates(candidates: unknown): string[] {
  if (!Array.isArray(candidates) || candidates.length === 0)
    throw new PipelineError(
      `candidates is ${describeValue(candidates)}, expected a list of at least one answer, such as ['yes', 'no'].`,
    );
  return candidates.map((each: unknown, i) => {
    if (typeof each === 'string') return each;
    throw new PipelineError(`candidates[${i}] is ${describeValue(each)}, expected a string.`);
  });
}
