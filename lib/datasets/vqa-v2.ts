// VQAv2 in its official form: a questions file, an annotations file, a folder of images; the bundled set has the same.
import * as fs from 'node:fs';
import * as path from 'node:path';
import { describeValue } from '../core/describe-value';
import { checkArguments } from '../core/check-arguments';
import { checkOptions } from '../core/check-options';
import { BlipError } from '../core/errors';
import { isRecord } from '../core/is-record';
import { quote } from '../core/quote';
import { type ProgressCallback, reportProgress } from '../core/progress';
import { ImageError, loadRgb } from '../preprocessing';
import { parseAnswers } from './parse-answers';
import { readJsonArray } from './read-json-array';
import { seededShuffle } from './seeded-shuffle';
import { checkCounts, describeSkipped, SkipCounter, type VqaSample, type VqaSamples } from './vqa-sample';

export class VqaV2Error extends BlipError {}

export interface VqaV2Files {
  readonly questions: string;
  readonly annotations: string;
  /** `{ "annotations": [{ "image_id", "caption" }] }`, COCO's form. */
  readonly captions?: string;
  readonly images: string;
}

export interface VqaV2Options {
  /** All by default. */
  readonly count?: number;
  /** The tutorial's 42 by default; `null` keeps the file's order. */
  readonly seed?: number | null;
  readonly progress_callback?: ProgressCallback;
  readonly signal?: AbortSignal;
}

interface Question {
  readonly question_id: string;
  readonly image_id: string;
  readonly question: string;
}
interface Annotation {
  readonly answers: string[];
  readonly question_type?: string;
}

/** It becomes a part of file names. */
const SPLIT_NAME = /^\w{1,50}$/;
/** Photos of COCO, or the drawn scenes of VQA's abstract part. */
const SCENES = '(mscoco|abstract_v\\d+)';
/** COCO's file names end in the image's number in this many digits: COCO_train2014_000000458752.jpg. */
const COCO_DIGITS = 12;
const IMAGE = /\.(jpe?g|png|webp|gif|bmp|tiff?|avif|hei[cf])$/i;

/** Forms in which Python's `datasets` keeps data, and what reads them there. */
const CONVERTIBLE: readonly (readonly [pattern: RegExp, reader: (folder: string, name: string) => string])[] = [
  [/^(?:dataset_dict|state)\.json$/, (folder) => `load_from_disk(${quote(folder)})`],
  [/\.arrow$/, (folder, name) => `Dataset.from_file(${quote(path.join(folder, name))})`],
  [/\.jsonl$/, (folder, name) => `Dataset.from_json(${quote(path.join(folder, name))})`],
  [/\.[ct]sv$/, (folder, name) => `Dataset.from_csv(${quote(path.join(folder, name))})`],
];

function adviseConversion(folder: string, entries: readonly string[]): string {
  for (const [pattern, reader] of CONVERTIBLE) {
    const name = entries.find((entry) => pattern.test(entry));
    if (name === undefined) continue;
    const data = reader(folder, name) + (name === 'dataset_dict.json' ? '["train"]' : '');
    return ` ${quote(name)} can be made into parquet in Python: datasets.${data}.to_parquet("train.parquet").`;
  }
  return '';
}

/**
 * Finds a split's files in a folder: `questions_train.json`, `annotations_train.json`, `captions_train.json`, `images/`
 * (the bundled names), or the official `v2_OpenEnded_mscoco_train2014_questions.json`,
 * `v2_mscoco_train2014_annotations.json`, `train2014/`; also those of OK-VQA and of VQA's first version, which lack
 * `v2_`, and of abstract scenes.
 */
export function findVqaV2(folder: string, split: 'train' | 'val'): VqaV2Files {
  checkArguments('findVqaV2', { folder: [folder, 'path'], split: [split, 'text'] });
  if (!SPLIT_NAME.test(split))
    throw new VqaV2Error(`findVqaV2: the split is ${describeValue(split)}; expected train or val.`);
  const entries = fs.existsSync(folder) ? fs.readdirSync(folder) : [];
  const find = (pattern: RegExp): string | undefined => entries.find((name) => pattern.test(name));
  const questions = find(
    new RegExp(`^(questions_${split}|(v\\d_)?OpenEnded_${SCENES}_${split}\\d*_questions)\\.json$`),
  );
  const annotations = find(new RegExp(`^(annotations_${split}|(v\\d_)?${SCENES}_${split}\\d*_annotations)\\.json$`));
  const captions = find(new RegExp(`^captions_${split}\\d*\\.json$`));
  const images = find(new RegExp(`^${split}\\d*$`)) ?? find(/^images$/) ?? find(new RegExp(`^images_${split}$`));
  if (!questions || !annotations || !images) {
    const missing = [!questions && 'questions', !annotations && 'annotations', !images && 'image folder'];
    throw new VqaV2Error(
      `${folder}: got no ${missing.filter(Boolean).join(', ')} of the split "${split}"; expected ` +
        `questions_${split}.json, annotations_${split}.json and images/, or VQAv2's official names, or ` +
        '.parquet files.' +
        adviseConversion(folder, entries),
    );
  }
  const at = (name: string): string => path.join(folder, name);
  return {
    questions: at(questions),
    annotations: at(annotations),
    images: at(images),
    ...(captions && { captions: at(captions) }),
  };
}

/**
 * Takes `count` samples in seeded order. A row without a question, answers or a readable image is skipped and counted,
 * and the next one takes its place. There may be fewer samples than asked for, but never none.
 *
 * @example
 * const { samples, skipped } = await loadVqaV2(findVqaV2('data/vqa-scenes', 'train'), { count: 300, seed: 42 });
 * @throws {VqaV2Error} when nothing can be used: says why, and of which rows
 * @throws {JsonArrayError}
 */
export async function loadVqaV2(files: VqaV2Files, options: VqaV2Options = {}): Promise<VqaSamples> {
  checkArguments('loadVqaV2', { files: [files, ['questions', 'annotations', 'images']] });
  checkOptions('loadVqaV2', options, ['count', 'seed', 'progress_callback', 'signal']);
  checkCounts(options);
  const { seed = 42, progress_callback, signal } = options;
  const skips = new SkipCounter();
  const questions = await readQuestions(files.questions, skips, signal);
  const order = seed === null ? questions : seededShuffle(questions, seed);
  const count = Math.min(options.count ?? order.length, order.length);
  const images = indexImages(files.images);
  const captions = files.captions ? await readCaptions(files.captions) : undefined;
  const readable = new Map<string, Promise<boolean>>();
  const samples: VqaSample[] = [];
  // Broken rows are few: usually one pass over the annotations is enough. Each further pass looks at twice as many.
  for (let from = 0, wanted = Math.ceil(count * 1.1) + 8; samples.length < count && from < order.length; wanted *= 2) {
    const block: { row: Question; image: string | undefined }[] = [];
    for (let found = 0; from < order.length && found < wanted; from++) {
      const row = order[from];
      const image = images.get(row.image_id) ?? images.get(row.image_id.padStart(COCO_DIGITS, '0'));
      block.push({ row, image });
      if (image) found++;
    }
    const annotations = await readAnnotations(
      files.annotations,
      new Set(block.filter(({ image }) => image).map(({ row }) => row.question_id)),
    );
    for (const { row, image } of block) {
      if (samples.length === count) break;
      signal?.throwIfAborted();
      const annotation = annotations.get(row.question_id);
      const which = `question ${row.question_id}`;
      if (!image) {
        skips.add('image missing', which);
        continue;
      }
      if (!annotation) {
        skips.add('no answers', which);
        continue;
      }
      let check = readable.get(image);
      if (!check) readable.set(image, (check = canDecode(image)));
      if (!(await check)) {
        skips.add('image unreadable', which);
        continue;
      }
      const caption = captions?.get(row.image_id);
      samples.push({ ...row, ...annotation, image, ...(caption && { caption }) });
      await reportProgress(progress_callback, { status: 'samples', loaded: samples.length, total: count }, signal);
    }
  }
  const skipped = skips.report();
  if (samples.length === 0) {
    const reason =
      skipped.total === 0 ? 'has no questions' : `none of its questions can be used: ${describeSkipped(skipped)}`;
    throw new VqaV2Error(
      `${files.questions}: ${reason}. Expected questions with answers in ${files.annotations} and images in ` +
        `${files.images}.`,
    );
  }
  return { samples, asked: options.count ?? order.length, skipped, source: path.basename(files.questions) };
}

async function readQuestions(file: string, skips: SkipCounter, signal: AbortSignal | undefined): Promise<Question[]> {
  const questions: Question[] = [];
  for await (const item of readJsonArray(file, 'questions')) {
    signal?.throwIfAborted();
    const question = parseQuestion(item);
    if (question) questions.push(question);
    else skips.add('not a question', path.basename(file));
  }
  return questions;
}

function parseQuestion(value: unknown): Question | undefined {
  if (
    !isRecord(value) ||
    typeof value.question !== 'string' ||
    value.question.trim() === '' ||
    !isId(value.question_id) ||
    !isId(value.image_id)
  )
    return undefined;
  return { question_id: String(value.question_id), image_id: String(value.image_id), question: value.question };
}

async function readAnnotations(file: string, wanted: ReadonlySet<string>): Promise<Map<string, Annotation>> {
  const found = new Map<string, Annotation>();
  for await (const item of readJsonArray(file, 'annotations')) {
    if (!isRecord(item) || !isId(item.question_id) || !wanted.has(String(item.question_id))) continue;
    const answers = parseAnswers(item.answers, item.multiple_choice_answer);
    if (answers)
      found.set(String(item.question_id), {
        answers,
        ...(typeof item.question_type === 'string' && { question_type: item.question_type }),
      });
    if (found.size === wanted.size) break;
  }
  return found;
}

async function readCaptions(file: string): Promise<Map<string, string[]>> {
  const captions = new Map<string, string[]>();
  for await (const item of readJsonArray(file, 'annotations')) {
    if (!isRecord(item) || !isId(item.image_id) || typeof item.caption !== 'string') continue;
    const id = String(item.image_id);
    captions.set(id, [...(captions.get(id) ?? []), item.caption]);
  }
  return captions;
}

/** Images by the end of their name: `COCO_train2014_000000000042.jpg` and `42.png` are both image 42. */
function indexImages(folder: string): Map<string, string> {
  if (!fs.existsSync(folder))
    throw new VqaV2Error(`${folder} is missing: expected the folder of the data set's images.`);
  const found = new Map<string, string>();
  for (const name of fs.readdirSync(folder).sort()) {
    if (!IMAGE.test(name)) continue;
    const stem = name.replace(IMAGE, '');
    const file = path.join(folder, name);
    found.set(stem, file);
    const number = /(\d+)$/.exec(stem)?.[1];
    if (number) found.set(String(Number(number)), file);
  }
  return found;
}

/** As the processor will decode it. */
async function canDecode(file: string): Promise<boolean> {
  try {
    await loadRgb(file);
    return true;
  } catch (error) {
    if (error instanceof ImageError) return false;
    throw error;
  }
}

function isId(value: unknown): value is string | number {
  return typeof value === 'string' || typeof value === 'number';
}
