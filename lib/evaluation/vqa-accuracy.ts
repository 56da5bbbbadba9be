// VQA accuracy as the data set's authors define it (Antol et al. 2015, arXiv 1505.00468; Goyal et al. 2017, arXiv
// 1612.00837): an answer is right as far as at least 3 of the other people gave it too, averaged over leaving out each
// of the ten. Equal to their evaluation script (GT-Vision-Lab/VQA, vqaEval.py), its oddities included, so that figures
// can be compared.
import { checkArguments } from '../core/check-arguments';
import { BlipError } from '../core/errors';

export class VqaAccuracyError extends BlipError {}

const NO_ANSWERS =
  'An answer cannot be judged without true answers: got an empty list, expected at least one (VQAv2 has ten).';

/** As many agreeing people make an answer fully right. */
const FULL_AGREEMENT = 3;

const PUNCTUATION = [...';/[]"{}()=+\\_-><@`,?!'];
const NUMBERS: ReadonlyMap<string, string> = new Map([
  ['none', '0'],
  ...['zero', 'one', 'two', 'three', 'four', 'five', 'six', 'seven', 'eight', 'nine', 'ten'].map(
    (word, value): [string, string] => [word, String(value)],
  ),
]);
const ARTICLES = new Set(['a', 'an', 'the']);
/**
 * Words that are meant when one of their apostrophes is forgotten: "dont", "couldn'tve". The authors' list, with what
 * it has and lacks.
 */
const CONTRACTED = `
ain't aren't can't could've couldn't couldn't've didn't doesn't don't hadn't hadn't've hasn't haven't he'd he'd've
he's how'd how'll how's isn't it'd it'd've it'll ma'am mightn't mightn't've might've mustn't must've needn't not've
o'clock oughtn't 'ow's'at shan't she'd've should've shouldn't shouldn't've somebody'd've somebody'll somebody's
someone'd someone'd've someone'll someone's something'd something'd've something'll that's there'd there'd've there're
there's they'd they'd've they'll they're they've 'twas wasn't we'd've we've weren't what'll what're what's what've
when's where'd where's where've who'd who'd've who'll who's who've why'll why're why's won't would've wouldn't
wouldn't've y'all y'all'll y'all'd've you'd you'd've you'll you're you've`
  .trim()
  .split(/\s+/);
const CONTRACTIONS: ReadonlyMap<string, string> = new Map([
  ...CONTRACTED.flatMap(withOneApostropheLess),
  ["somebody'd", 'somebodyd'],
]);

function withOneApostropheLess(word: string): [string, string][] {
  return [...word].flatMap((letter, at) => (letter === "'" ? [[word.slice(0, at) + word.slice(at + 1), word]] : []));
}

/**
 * An answer in the form in which answers are compared.
 *
 * @example
 * normalizeAnswer('Two dogs, dont!') // "2 dogs don't"
 */
export function normalizeAnswer(answer: string): string {
  checkArguments('normalizeAnswer', { answer: [answer, 'text'] });
  const flat = answer.replace(/[\n\t]/g, ' ').trim();
  let text = flat;
  const digitsWithComma = /\d,\d/.test(flat);
  for (const mark of PUNCTUATION)
    text = text.replaceAll(mark, digitsWithComma || flat.includes(`${mark} `) || flat.includes(` ${mark}`) ? '' : ' ');
  // A full stop goes, unless a digit follows: 3.5 stays. (The script stops after 32 of them, by a slip; no answer has
  // so many.)
  return text
    .replace(/\.(?!\d)/g, '')
    .toLowerCase()
    .split(/\s+/)
    .map((word) => NUMBERS.get(word) ?? word)
    .filter((word) => word !== '' && !ARTICLES.has(word))
    .map((word) => CONTRACTIONS.get(word) ?? word)
    .join(' ');
}

/**
 * @param answers of the people asked, ten in VQAv2
 * @returns 0 to 1
 * @example
 * vqaAccuracy('2', ['2', 'two', '2', '3', '3', '3', '3', '3', '3', '3']) // 0.9
 */
export function vqaAccuracy(answer: string, answers: readonly string[]): number {
  checkArguments('vqaAccuracy', { answer: [answer, 'text'], answers: [answers, 'texts'] });
  if (answers.length === 0) throw new VqaAccuracyError(NO_ANSWERS);
  // As in the authors' script: where all people say the same, the texts are compared as they are.
  const unanimous = new Set(answers.map(trimmed)).size === 1;
  const form = unanimous ? trimmed : normalizeAnswer;
  const given = form(answer);
  const truths = answers.map(form);
  const agreeing = truths.filter((truth) => truth === given).length;
  const scores = truths.map((truth) => Math.min(1, (agreeing - (truth === given ? 1 : 0)) / FULL_AGREEMENT));
  return scores.reduce((sum, score) => sum + score, 0) / scores.length;
}

/** Whether the answer is the one that most people gave (the first of equally frequent ones). */
export function exactMatch(answer: string, answers: readonly string[]): boolean {
  checkArguments('exactMatch', { answer: [answer, 'text'], answers: [answers, 'texts'] });
  if (answers.length === 0) throw new VqaAccuracyError(NO_ANSWERS);
  const counts = new Map<string, number>();
  for (const truth of answers) counts.set(normalizeAnswer(truth), (counts.get(normalizeAnswer(truth)) ?? 0) + 1);
  const most = [...counts].reduce<[string, number]>((best, entry) => (entry[1] > best[1] ? entry : best), ['', 0]);
  return normalizeAnswer(answer) === most[0];
}

function trimmed(text: string): string {
  return text.replace(/[\n\t]/g, ' ').trim();
}
