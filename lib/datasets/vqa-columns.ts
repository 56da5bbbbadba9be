// Which column of a parquet file holds what: by the names that data sets use, or as the caller says.
import { quote } from '../core/quote';
import type { Leaf } from './parquet';
import { ANSWER_FIELDS } from './parse-answers';
import { VqaParquetError } from './vqa-parquet-error';

/** What the columns are called, where they have none of the usual names; a part of a record with dots: `query.en`. */
export interface VqaColumns {
  readonly image: string;
  readonly question: string;
  readonly answers: string;
  readonly multiple_choice_answer: string;
  /** The texts to choose from, where the answer is the number or the letter of one of them. */
  readonly choices: string;
  readonly image_id: string;
  readonly question_id: string;
  readonly question_type: string;
}

/** VQAv2's own name first; case, `_` and `-` do not matter. */
const USUAL_NAMES: Readonly<Record<keyof VqaColumns, readonly string[]>> = {
  image: ['image', 'img', 'picture', 'images', 'image_bytes', 'image_path', 'file_name', 'jpg', 'jpeg', 'png'],
  question: ['question', 'question_text', 'query', 'questions'],
  answers: ['answers', 'answers_original', 'direct_answers', 'answer', 'gt_answer', 'label'],
  multiple_choice_answer: ['multiple_choice_answer', 'most_common_answer'],
  choices: ['choices', 'options'],
  image_id: ['image_id', 'id_image', 'img_id'],
  question_id: ['question_id', 'id_question', 'qid', 'id'],
  question_type: ['question_type'],
};

export const COLUMN_ROLES: readonly string[] = Object.keys(USUAL_NAMES);

/** The parts of parquet columns that are read, for each thing that a sample consists of. */
export interface ColumnLeaves {
  readonly image: readonly Leaf[];
  readonly question: Leaf;
  readonly answers?: Leaf;
  readonly multiple_choice_answer?: Leaf;
  readonly choices?: Leaf;
  readonly image_id?: Leaf;
  readonly question_id?: Leaf;
  readonly question_type?: Leaf;
}

/** How a record calls the question's text. */
const QUESTION_FIELDS = ['question', 'text', 'en', 'english'];
/** How the image's struct calls its parts (the type Image of Python's `datasets`). */
const IMAGE_FIELDS = ['bytes', 'path'];

/**
 * @param file for the message
 * @throws {VqaParquetError} names what is missing, the columns that are there, and how to map them
 */
export function findColumns(
  { columns, leaves }: { readonly columns: readonly string[]; readonly leaves: readonly Leaf[] },
  given: Partial<VqaColumns>,
  file: string,
): ColumnLeaves {
  const nameOf = (role: keyof VqaColumns): string | undefined => {
    const own = given[role];
    if (own !== undefined) return columns.includes(own) || leaves.some((leaf) => isAt(leaf, own)) ? own : undefined;
    for (const usual of USUAL_NAMES[role]) {
      const found = columns.find((column) => plain(column) === plain(usual));
      if (found !== undefined) return found;
    }
    return undefined;
  };
  const leavesOf = (role: keyof VqaColumns): Leaf[] => {
    const name = nameOf(role);
    if (name === undefined) return [];
    return columns.includes(name)
      ? leaves.filter(({ path }) => path[0] === name)
      : leaves.filter((leaf) => isAt(leaf, name));
  };
  const expected = (role: keyof VqaColumns): string => given[role] ?? role;
  const fail = (role: keyof VqaColumns, problem: string): never => {
    throw new VqaParquetError(
      `${file} ${problem}; expected ${expected('image')}, ${expected('question')}, and ${expected('answers')} or ` +
        `${expected('multiple_choice_answer')}. ` +
        `Name yours with the option columns, such as { columns: { ${role}: '…' } }; it has: ` +
        `${columns.map(showColumn).join(', ')}.`,
    );
  };
  const image = leavesOf('image').filter(({ path }) => path.length === 1 || isImagePart(path));
  if (image.length === 0)
    fail(
      'image',
      nameOf('image') === undefined
        ? `has no column "${expected('image')}"`
        : wrongParts(leavesOf('image'), 'bytes, or a struct of bytes and path'),
    );
  const question = questionLeaf(leavesOf('question')) ?? fail('question', `has no column "${expected('question')}"`);
  const answers = answerLeaf(leavesOf('answers'));
  const multiple_choice_answer = answerLeaf(leavesOf('multiple_choice_answer'));
  if (!answers && !multiple_choice_answer)
    fail(
      'answers',
      nameOf('answers') === undefined
        ? `has no column "${expected('answers')}"`
        : wrongParts(leavesOf('answers'), `a text, a list of texts, or records with ${ANSWER_FIELDS.join(', ')}`),
    );
  const [choices, ...others] = leavesOf('choices'); // records of choices are not read
  const optional = (role: 'image_id' | 'question_id' | 'question_type') => {
    const [leaf] = leavesOf(role).filter(({ path }) => path.length === 1);
    return leaf && { [role]: leaf };
  };
  return {
    image,
    question,
    ...(answers && { answers }),
    ...(multiple_choice_answer && { multiple_choice_answer }),
    ...(choices && others.length === 0 && { choices }),
    ...optional('image_id'),
    ...optional('question_id'),
    ...optional('question_type'),
  };
}

/** Whether a leaf is the part of a record that a name with dots says, such as `query.en`, or lies in it. */
function isAt({ path }: Leaf, name: string): boolean {
  return `${path.join('.')}.`.startsWith(`${name}.`);
}

/** The question's text; of a record of several languages the English one, which BLIP was trained on. */
function questionLeaf(leaves: readonly Leaf[]): Leaf | undefined {
  return leaves.find(({ path }) => QUESTION_FIELDS.includes(path[path.length - 1])) ?? leaves[0];
}

/**
 * The answers' text, and nothing of what else a record holds: `answer` of `answer`, `answer_confidence`, `answer_id`.
 */
function answerLeaf(leaves: readonly Leaf[]): Leaf | undefined {
  if (leaves.length === 1) return leaves[0];
  for (const field of ANSWER_FIELDS) {
    const found = leaves.find(({ path }) => path.slice(1).includes(field));
    if (found) return found;
  }
  return undefined;
}

/** `image.bytes`, also within a list: `images.list.element.bytes`. */
function isImagePart(path: readonly string[]): boolean {
  const last = path[path.length - 1];
  return (
    IMAGE_FIELDS.includes(last) ||
    (path.length > 2 &&
      path.slice(1, -1).every((part) => ['list', 'element', 'item', 'array'].includes(part)) &&
      ['element', 'item', 'array'].includes(last))
  );
}

function wrongParts(leaves: readonly Leaf[], wanted: string): string {
  const parts = leaves.map(({ path }) => showColumn(path.join('.')));
  return `has a column of ${parts.join(', ')}, where ${wanted} is read`;
}

function plain(name: string): string {
  return name.toLowerCase().replace(/[^a-z0-9]/g, '');
}

/** Plain names stay as they are; any other is quoted, and shortened. */
export function showColumn(name: string): string {
  return /^[\w.-]{1,100}$/.test(name) ? name : quote(name);
}
