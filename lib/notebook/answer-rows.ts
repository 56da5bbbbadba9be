// Answers with their times, and texts with the probability that they match, as table rows.
import { ArgumentError, checkArguments } from '../core/check-arguments';
import { checkOptions } from '../core/check-options';
import { reportProgress, type ProgressCallback } from '../core/progress';
import { OVBlipMatcher, OVBlipModel, type ImageEmbeds } from '../generation';
import type { BlipProcessor } from '../preprocessing';
import { measureLatency } from '../timing';
import { decimals, milliseconds } from './format-number';
import { checkModel, checkProcessor } from './task-model';

/** One answer, with the median time of the question: text encoder and decoder. */
export interface AnswerRow {
  readonly question: string;
  readonly answer: string;
  readonly 'time ms': string;
}

/** A text and the probability, 0 to 1, that it belongs to the image. */
export interface TextMatch {
  readonly text: string;
  readonly score: number;
}

/** One text. */
export interface MatchRow {
  readonly text: string;
  readonly probability: string;
}

export interface AskQuestionsOptions {
  readonly image_embeds: ImageEmbeds;
  readonly questions: readonly string[];
  readonly progress_callback?: ProgressCallback;
  /** Looked at between the runs. */
  readonly signal?: AbortSignal;
}

const TIMING = { warmup: 1, runs: 10 } as const;

/**
 * Asks several questions about one image, which is encoded once. Each is timed after a warm-up.
 *
 * @example
 * showTable(await askQuestions(model, processor, { image_embeds, questions: ['is it day or night?'] }));
 * // question is it day or night?, answer day, time ms 2.36
 */
export async function askQuestions(
  model: OVBlipModel,
  processor: BlipProcessor,
  options: AskQuestionsOptions,
): Promise<AnswerRow[]> {
  checkModel('askQuestions', model);
  checkProcessor('askQuestions', processor);
  if (!(model instanceof OVBlipModel))
    throw new ArgumentError('askQuestions: model matches texts, expected one that answers questions: see canAnswer.');
  checkArguments('askQuestions', { options: [options, ['image_embeds', 'questions']] });
  checkOptions('askQuestions', options, ['image_embeds', 'questions', 'progress_callback', 'signal']);
  const { image_embeds, questions, progress_callback, signal } = options;
  checkArguments('askQuestions', { 'options.questions': [questions, 'texts'] });
  const rows: AnswerRow[] = [];
  for (const question of questions) {
    signal?.throwIfAborted();
    const inputs = { image_embeds, ...processor.text(question) };
    const [ids] = await model.generateAnswer(inputs);
    const { median } = await measureLatency(() => model.generateAnswer(inputs), { ...TIMING, signal });
    rows.push({ question, answer: processor.decode(ids), 'time ms': milliseconds(median) });
    await reportProgress(progress_callback, { status: 'answer', loaded: rows.length, total: questions.length }, signal);
  }
  return rows;
}

/**
 * The probability of each text that it belongs to the image.
 *
 * @example
 * await matchTexts(model, processor, { image_embeds, texts: ['a dog', 'a cat'] })
 * // [{ text: 'a dog', score: 0.98 }, { text: 'a cat', score: 0.01 }]
 */
export async function matchTexts(
  model: OVBlipMatcher,
  processor: BlipProcessor,
  inputs: { readonly image_embeds: ImageEmbeds; readonly texts: readonly string[] },
): Promise<TextMatch[]> {
  checkModel('matchTexts', model);
  checkProcessor('matchTexts', processor);
  if (!(model instanceof OVBlipMatcher))
    throw new ArgumentError('matchTexts: model writes texts, expected one that matches them: see canMatch.');
  checkArguments('matchTexts', { inputs: [inputs, ['image_embeds', 'texts']] });
  const { image_embeds, texts } = inputs;
  checkArguments('matchTexts', { 'inputs.texts': [texts, 'texts'] });
  const scores = await model.match({ image_embeds, ...processor.text(texts) });
  return texts.map((text, i) => ({ text, score: scores[i] }));
}

/** @example matchRows([{ text: 'a dog', score: 0.98 }]) // [{ text: 'a dog', probability: '0.9800' }] */
export function matchRows(matches: readonly TextMatch[]): MatchRow[] {
  checkArguments('matchRows', { matches: [matches, 'list'] });
  return matches.map((match) => {
    checkArguments('matchRows', { 'each of matches': [match, ['text', 'score']] });
    return { text: match.text, probability: decimals(match.score, 4) };
  });
}
