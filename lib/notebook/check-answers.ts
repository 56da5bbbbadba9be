// "Is it right?": the model's outputs beside the truth, where that is known: about drawn scenes, since the project drew
// them, and about the tutorial's photo, since transformers' tests name the tokens.
import * as path from 'node:path';
import { checkArguments } from '../core/check-arguments';
import { checkOptions } from '../core/check-options';
import { reportProgress, type ProgressCallback } from '../core/progress';
import { readPictures } from '../datasets';
import { checkPublished, PUBLISHED_PICTURE } from '../evaluation';
import type { BlipProcessor } from '../preprocessing';
import { BUNDLED, type RunSettings } from './run-settings';
import { canAnswer, checkModel, checkProcessor, type TaskModel } from './task-model';

export interface CheckedAnswers {
  /** For a table; empty where nothing is known to compare with. */
  readonly rows: readonly Readonly<Record<string, string>>[];
  /** One line below it. */
  readonly summary: string;
  readonly right: number;
  readonly of: number;
}

export interface CheckAnswersOptions {
  readonly settings: RunSettings;
  /** The demo picture's path. */
  readonly picture: string;
  /** Told after each image. */
  readonly progress_callback?: ProgressCallback;
  /** Looked at between the questions. */
  readonly signal?: AbortSignal;
}

const RIGHT = { pass: 'yes', FAIL: 'NO', info: '', 'not checked': '' } as const;

/**
 * Answers to questions whose answers are known.
 *
 * @example
 * const checked = await checkAnswers(model, processor, { settings, picture });
 * showTable(checked.rows);
 * console.log(checked.summary); // '40 of 40 answers are right'
 */
export async function checkAnswers(
  model: TaskModel,
  processor: BlipProcessor,
  checked: CheckAnswersOptions,
): Promise<CheckedAnswers> {
  checkModel('checkAnswers', model);
  checkProcessor('checkAnswers', processor);
  checkArguments('checkAnswers', { checked: [checked, ['settings', 'picture']] });
  checkOptions('checkAnswers', checked, ['settings', 'picture', 'progress_callback', 'signal']);
  const { settings, picture, signal } = checked;
  checkArguments('checkAnswers', { 'checked.settings': [settings, ['model', 'isBundled', 'device', 'picture']] });
  if (settings.isBundled && canAnswer(model)) return checkScenes(model, processor, checked);
  const { model: id, device } = settings;
  const results =
    settings.picture === PUBLISHED_PICTURE ? await checkPublished(model.folder, { id, picture, device, signal }) : [];
  const right = results.filter(({ status }) => status === 'pass').length;
  const of = results.filter(({ expected }) => expected !== undefined).length;
  return {
    rows: results.map(({ title, status, got = '', expected = '' }) => ({
      output: title,
      published: expected,
      got,
      right: RIGHT[status],
    })),
    summary:
      of > 0
        ? `${right} of ${of} are as published`
        : `Nothing that was published about ${id} and this image is known here: judge by what you see. The second ` +
          'notebook measures accuracy on a data set.',
    right,
    of,
  };
}

/** The answers about one image. */
export interface ImageAnswersRow {
  readonly image: string;
  readonly asked: number;
  readonly right: number;
  readonly wrong: string;
}

/**
 * Answers by image, with the wrong ones; rows that belong to no drawn image as they are.
 *
 * @example
 * answersByImage(checked)[0] // { image: 'demo.jpg', asked: 5, right: 5, wrong: '' }
 */
export function answersByImage(
  checked: Pick<CheckedAnswers, 'rows'>,
): (ImageAnswersRow | Readonly<Record<string, string>>)[] {
  checkArguments('answersByImage', { checked: [checked, ['rows']] });
  checkArguments('answersByImage', { 'checked.rows': [checked.rows, 'list'] });
  for (const row of checked.rows) checkArguments('answersByImage', { 'each of checked.rows': [row, 'object'] });
  const images = [...new Set(checked.rows.flatMap(({ image }) => image ?? []))];
  if (images.length === 0) return [...checked.rows];
  return images.map((image) => {
    const rows = checked.rows.filter((row) => row.image === image);
    const wrong = rows.filter(({ right }) => right !== RIGHT.pass);
    return {
      image,
      asked: rows.length,
      right: rows.length - wrong.length,
      wrong: wrong.map(({ question, truth, answer }) => `${question} "${answer}", not "${truth}"`).join('; '),
    };
  });
}

/** Every drawn picture comes with questions whose answers are known. */
async function checkScenes(
  model: Extract<TaskModel, { canAnswer: boolean }>,
  processor: BlipProcessor,
  { progress_callback, signal }: CheckAnswersOptions,
): Promise<CheckedAnswers> {
  const rows: Record<string, string>[] = [];
  const pictures = readPictures(path.dirname(BUNDLED.picture));
  for (const [done, { file, questions }] of pictures.entries()) {
    const image_embeds = await model.encodeImage({ pixel_values: await processor.image(file) });
    for (const { question, answer: truth } of questions) {
      signal?.throwIfAborted();
      const [ids] = await model.generateAnswer({ image_embeds, ...processor.text(question) });
      const answer = processor.decode(ids);
      rows.push({ image: path.basename(file), question, truth, answer, right: answer === truth ? 'yes' : 'NO' });
    }
    await reportProgress(progress_callback, { status: 'check', loaded: done + 1, total: pictures.length }, signal);
  }
  const right = rows.filter((row) => row.right === 'yes').length;
  return { rows, summary: `${right} of ${rows.length} answers are right`, right, of: rows.length };
}
