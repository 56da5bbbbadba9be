// The bundled images with their captions, questions and answers (data/pictures/pictures.json).
import * as fs from 'node:fs';
import * as path from 'node:path';
import { checkArguments } from '../core/check-arguments';
import { describeValue } from '../core/describe-value';
import { BlipError } from '../core/errors';
import { readJSON } from '../core/read-json';

export class PicturesError extends BlipError {}

/** An image file with a true caption, and questions with their answers. */
export interface Picture {
  readonly file: string;
  readonly caption: string;
  readonly questions: readonly { readonly question: string; readonly answer: string }[];
}

/**
 * Reads `pictures.json` of a folder; `file` is returned with the folder prepended.
 *
 * @example
 * readPictures('data/pictures')[0].questions[0] // { question: 'how many dogs are in the picture?', answer: '2' }
 * @throws {PicturesError} when the file is missing or an entry is not of this shape
 */
export function readPictures(folder: string): Picture[] {
  checkArguments('readPictures', { folder: [folder, 'path'] });
  const file = path.join(folder, 'pictures.json');
  if (!fs.existsSync(file))
    throw new PicturesError(
      `${file} is missing: name a folder with images and their pictures.json, such as data/pictures.`,
    );
  const json = readJSON(file, { error: PicturesError });
  const entries: unknown = Array.isArray(json) ? json : isRecord(json) ? json.pictures : undefined;
  if (!Array.isArray(entries)) throw new PicturesError(`${file}: expected a list of images, got ${typeof json}.`);
  return entries.map((entry: unknown, index) => parsePicture(entry, folder, `${file}, entry ${index}`));
}

function parsePicture(entry: unknown, folder: string, where: string): Picture {
  if (!isRecord(entry)) throw new PicturesError(`${where}: expected an object, got ${typeof entry}.`);
  const { file, caption, questions } = entry;
  if (typeof file !== 'string') throw new PicturesError(`${where}: "file" must be a string.`);
  if (typeof caption !== 'string') throw new PicturesError(`${where}: "caption" must be a string.`);
  if (!Array.isArray(questions)) throw new PicturesError(`${where}: "questions" must be a list.`);
  return {
    file: path.join(folder, file),
    caption,
    questions: questions.map((item: unknown) => {
      if (!isRecord(item) || typeof item.question !== 'string' || typeof item.answer !== 'string')
        throw new PicturesError(
          `${where}: every question needs the strings "question" and "answer", got ${describeValue(item)}.`,
        );
      return { question: item.question, answer: item.answer };
    }),
  };
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
