// "Is it right?": the model's outputs beside the truth, where that is known: about drawn scenes, since the project drew
// them, and about the tutorial's photo, since transformers' tests name the tokens.
import { checkArguments } from '../core/check-arguments';
import * as path from 'node:path';
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

const RIGHT = { pass: 'yes', FAIL: 'NO', info: '', 'not checked': '' } as const;

/**
 * @param checked `settings` of the run, and the demo picture's path
 * @example
 * const checked = await checkAnswers(model, processor, { settings, picture });
 * showTable(checked.rows);
 * console.log(checked.summary); // '40 of 40 answers are right'
 */
export async function checkAnswers(
  model: TaskModel,
  processor: BlipProcessor,
  checked: { readonly settings: RunSettings; readonly picture: string },
): Promise<CheckedAnswers> {
  checkModel('checkAnswers', model);
  checkProcessor('checkAnswers', processor);
  checkArguments('checkAnswers', { checked: [checked, ['settings', 'picture']] });
  const { settings, picture } = checked;
  checkArguments('checkAnswers', { 'checked.settings': [settings, ['model', 'isBundled', 'device', 'picture']] });
  if (settings.isBundled && canAnswer(model)) return checkScenes(model, processor);
  const { model: id, device } = settings;
  const results =
    settings.picture === PUBLISHED_PICTURE ? await checkPublished(model.folder, { id, picture, device }) : [];
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
        : `Nothing that was published about ${id} and this image is known here: judge by what you see. The second notebook measures accuracy on a data set.`,
    right,
    of,
  };
}

/** Every drawn picture comes with questions whose answers are known. */
async function checkScenes(
  model: Extract<TaskModel, { canAnswer: boolean }>,
  processor: BlipProcessor,
): Promise<CheckedAnswers> {
  const rows: Record<string, string>[] = [];
  for (const { file, questions } of readPictures(path.dirname(BUNDLED.picture))) {
    const image_embeds = await model.encodeImage({ pixel_values: await processor.image(file) });
    for (const { question, answer: truth } of questions) {
      const [ids] = await model.generateAnswer({ image_embeds, ...processor.text(question) });
      const answer = processor.decode(ids);
      rows.push({ picture: path.basename(file), question, truth, answer, right: answer === truth ? 'yes' : 'NO' });
    }
  }
  const right = rows.filter((row) => row.right === 'yes').length;
  return { rows, summary: `${right} of ${rows.length} answers are right`, right, of: rows.length };
}
