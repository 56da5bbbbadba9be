// Rows of a parquet file as questions with answers and images, in the order in which they are taken.
import { isUtf8 } from 'node:buffer';
import { createHash } from 'node:crypto';
import * as path from 'node:path';
import { isRecord } from '../core/is-record';
import { type Leaf, ParquetError, type RowSpan } from './parquet';
import { type Part, partOf } from './divide-rows';
import { chosenAnswer } from './chosen-answer';
import { parseAnswers } from './parse-answers';
import { type RowImage, rowImage } from './read-row-image';
import { seededShuffle } from './seeded-shuffle';
import { type ColumnLeaves, showColumn } from './vqa-columns';
import { SkipCounter, type VqaSample } from './vqa-sample';

/** A row that has all that a sample needs; whether its image can be decoded is not known yet. */
export interface Candidate {
  readonly which: string;
  readonly sample: Omit<VqaSample, 'image'>;
  readonly image: RowImage;
  /** The same for all rows that show this image. */
  readonly identity: string;
}

export interface ReadRowsOptions {
  /** Rows of the span, from this one up to before that one. */
  readonly window: { readonly from: number; readonly to: number };
  readonly columns: ColumnLeaves;
  /** The file's name, for messages and ids. */
  readonly file: string;
  readonly part: Part;
  readonly bound: number;
  readonly seed: number;
  /** Fetch the images with the other columns, in one request: rows of this data set are known to be usable. */
  readonly eager: boolean;
}

/** The texts of a row, or what is wrong with them. */
type Texts = Pick<VqaSample, 'question' | 'answers'> & { readonly question_type?: string };

/**
 * Images are read only when a row has a question and answers: a split without answers costs no images.
 *
 * @returns rows of the wanted part, in seeded order, each image once before any image twice
 */
export async function readVqaRows(
  span: RowSpan,
  options: ReadRowsOptions,
): Promise<{ readonly candidates: readonly Candidate[]; readonly skips: SkipCounter }> {
  const { columns, part, bound, seed } = options;
  const skips = new SkipCounter();
  const unreadable = new Unreadable(span, options);
  const isMine = (identity: string): boolean => part === 'all' || partOf(identity, bound) === part;
  const usable: (Omit<Row, 'texts'> & { readonly texts: Texts })[] = [];
  for (const row of await readTexts(span, options, unreadable)) {
    const { texts, imageId } = row;
    if (imageId !== undefined && !isMine(`id:${imageId}`)) continue;
    if (typeof texts === 'string') skips.add(texts, row.which);
    else usable.push({ ...row, texts });
  }
  const images = usable.length > 0 ? await readImages(span, columns.image, options.window) : [];
  const digests = new Digests();
  const candidates: Candidate[] = [];
  for (const { texts, which, imageId, questionId, index } of usable) {
    const values = images.map((column) => column[index]);
    if (unreadable.add(index, columns.image, values)) continue;
    const image = rowImage(values);
    if (typeof image === 'string') {
      skips.add(image, which);
      continue;
    }
    const identity = imageId === undefined ? digests.identify(image) : `id:${imageId}`;
    if (!isMine(identity)) continue;
    const image_id = imageId ?? pathOf(values) ?? identity.replace('sha256:', '').slice(0, 16);
    candidates.push({ which, image, identity, sample: { ...texts, image_id, question_id: questionId } });
  }
  unreadable.report(skips);
  return { candidates: orderByImage(seededShuffle(candidates, seed)), skips };
}

interface Row {
  /** In the window. */
  readonly index: number;
  readonly which: string;
  readonly texts: Texts | string;
  readonly imageId: string | undefined;
  readonly questionId: string;
}

async function readTexts(span: RowSpan, options: ReadRowsOptions, unreadable: Unreadable): Promise<Row[]> {
  const { window, columns, file, eager } = options;
  const { image: _image, ...texts } = columns;
  const { question, answers, multiple_choice_answer, choices, image_id, question_id, question_type } = texts;
  const leaves = Object.values(texts);
  await span.prefetch(eager ? [...leaves, ...columns.image] : leaves);
  const values = new Map<Leaf, readonly unknown[]>();
  for (const leaf of leaves) values.set(leaf, await span.read(leaf, window.from, window.to));
  const raw = (leaf: Leaf | undefined, index: number): unknown => leaf && values.get(leaf)?.[index];
  const value = (leaf: Leaf | undefined, index: number): unknown => innermost(raw(leaf, index));
  const base = path.basename(file);
  const rows: Row[] = [];
  for (let index = 0; index < window.to - window.from; index++) {
    if (
      unreadable.add(
        index,
        leaves,
        leaves.map((leaf) => raw(leaf, index)),
      )
    )
      continue;
    const row = span.first + window.from + index;
    const asked = text(value(question, index));
    const given = parseAnswers(
      chosenAnswer(value(answers, index), value(choices, index)),
      value(multiple_choice_answer, index),
    );
    const type = text(value(question_type, index));
    rows.push({
      index,
      which: `${base}, row ${row}`,
      texts: !asked?.trim()
        ? 'no question'
        : !given
          ? 'no answers'
          : { question: asked, answers: given, ...(type && { question_type: type }) },
      imageId: idText(value(image_id, index)),
      questionId: idText(value(question_id, index)) ?? `${base}:${row}`,
    });
  }
  return rows;
}

/** Ids of the span's images, undefined for those without one; empty where the data set has no ids. */
export async function readIds(span: RowSpan, { image_id }: ColumnLeaves): Promise<(string | undefined)[]> {
  if (!image_id) return [];
  await span.prefetch([image_id]);
  return (await span.read(image_id, 0, span.rows)).map(idText);
}

/** A part of a record is read within records that hold nothing else. */
function innermost(value: unknown): unknown {
  let inner = value;
  while (isRecord(inner) && !(inner instanceof Uint8Array) && !(inner instanceof Error)) {
    const parts = Object.values(inner);
    if (parts.length !== 1) break;
    inner = parts[0];
  }
  return inner;
}

/** Values of each of the image column's leaves. */
export async function readImages(
  span: RowSpan,
  leaves: readonly Leaf[],
  { from, to }: { readonly from: number; readonly to: number },
): Promise<readonly (readonly unknown[])[]> {
  await span.prefetch(leaves);
  const images: (readonly unknown[])[] = [];
  for (const leaf of leaves) images.push(await span.read(leaf, from, to));
  return images;
}

/** Collects rows of row groups that cannot be read, so that they are reported together. */
class Unreadable {
  private readonly rows = new Map<ParquetError, { readonly leaf: Leaf; readonly rows: number[] }>();

  constructor(
    private readonly span: RowSpan,
    private readonly options: ReadRowsOptions,
  ) {}

  /** @returns whether one of the row's values could not be read */
  add(index: number, leaves: readonly Leaf[], values: readonly unknown[]): boolean {
    const at = values.findIndex((value) => value instanceof ParquetError);
    const error = values[at];
    if (!(error instanceof ParquetError)) return false;
    const known = this.rows.get(error);
    if (known) known.rows.push(index);
    else this.rows.set(error, { leaf: leaves[at], rows: [index] });
    return true;
  }

  report(skips: SkipCounter): void {
    const first = this.span.first + this.options.window.from;
    for (const [error, { leaf, rows }] of this.rows)
      skips.add(
        `row group unreadable (column ${showColumn(leaf.path.join('.'))}, ${this.span.codecOf(leaf)})`,
        `${path.basename(this.options.file)}, rows ${first + rows[0]} to ${first + rows[rows.length - 1]}`,
        { times: rows.length, detail: error.message },
      );
  }
}

/** What tells images apart where a data set has no ids for them: their content, or the path to it. */
export class Digests {
  /** Rows that show one image often share its bytes. */
  private readonly known = new WeakMap<Uint8Array, string>();

  identify(image: RowImage): string {
    if ('path' in image) return `path:${path.posix.normalize(image.path)}`;
    let digest = this.known.get(image.bytes);
    if (!digest) this.known.set(image.bytes, (digest = createHash('sha256').update(image.bytes).digest('hex')));
    return `sha256:${digest}`;
  }
}

/** `image.path`, which names an image even where its bytes are there. */
function pathOf(values: readonly unknown[]): string | undefined {
  for (const value of values) {
    const place = rowImage([value]);
    if (typeof place !== 'string' && 'path' in place) return place.path;
  }
  return undefined;
}

function orderByImage(candidates: readonly Candidate[]): Candidate[] {
  const seen = new Map<string, number>();
  const ranked = candidates.map((candidate) => {
    const rank = seen.get(candidate.identity) ?? 0;
    seen.set(candidate.identity, rank + 1);
    return { candidate, rank };
  });
  return ranked.sort((a, b) => a.rank - b.rank).map(({ candidate }) => candidate);
}

/** An id. Bytes that are no text (a UUID) in hexadecimal; NaN, which data frames write for none, is none. */
function idText(value: unknown): string | undefined {
  if (Number.isNaN(value)) return undefined;
  return value instanceof Uint8Array && !isUtf8(value) ? Buffer.from(value).toString('hex') : text(value);
}

/** Texts: strings, numbers, or bytes that were not marked as text. */
export function text(value: unknown): string | undefined {
  if (typeof value === 'string') return value === '' ? undefined : value;
  if (typeof value === 'number' || typeof value === 'bigint') return String(value);
  if (value instanceof Uint8Array) return Buffer.from(value).toString('utf8') || undefined;
  return undefined;
}
