// A comparison of two precisions as the second notebook shows it: accuracy or matches, what changed, and what is kept
// of it.
import { checkArguments } from '../core/check-arguments';
import type { VqaSample } from '../datasets';
import type { ComparedModels } from '../evaluation';
import { percent } from './format-number';
import type { OptimizeResults } from './report-lines';

/** A row of a table: its columns by name. */
export type ComparedRow = Readonly<Record<string, string | number>>;
/** What a comparison says of the outputs of two models. */
export type ComparedOutputs = Pick<ComparedModels, 'accuracy' | 'captions' | 'matches'>;

function checkCompared(call: string, compared: ComparedOutputs): void {
  checkArguments(call, { compared: [compared, ['captions']] });
  checkArguments(call, { 'compared.captions': [compared.captions, ['changed', 'agreement', 'images']] });
  checkArguments(call, { 'compared.captions.changed': [compared.captions.changed, 'list'] });
}

/**
 * Accuracy by kind of question; of a retrieval model, how often an image's own text scores higher than another image's.
 * Empty where nothing was asked.
 *
 * @param samples for a column with a question of each kind
 */
export function accuracyRows(compared: ComparedOutputs, samples: readonly VqaSample[] = []): ComparedRow[] {
  checkArguments('accuracyRows', { compared: [compared, 'object'], samples: [samples, 'list'] });
  for (const each of samples) checkArguments('accuracyRows', { 'each of samples': [each, ['question']] });
  const example = (kind: string): string => samples.find((each) => each.question_type === kind)?.question ?? '';
  const { accuracy, matches } = compared;
  const own = matches?.ownTextFirst;
  if (own)
    return [
      {
        'kind of question': 'own text first',
        questions: own.images,
        FP16: percent(own.before),
        INT8: percent(own.after),
      },
    ];
  const kinds = accuracy ? [['all', accuracy] as const, ...Object.entries(accuracy.byType)] : [];
  return kinds.map(([kind, { questions, before, after }]) => ({
    'kind of question': kind,
    questions,
    FP16: percent(before),
    INT8: percent(after),
    ...(samples.length > 0 && { 'such as': example(kind) }),
  }));
}

/**
 * What a comparison found, as columns of a row: accuracy of the second model, or what its task has instead.
 *
 * @example
 * showTable([{ samples: 10, ...keptShares(compared) }]); // samples 10, accuracy 98.7 %, same captions 97.0 %
 */
export function keptShares(compared: ComparedOutputs): ComparedRow {
  checkCompared('keptShares', compared);
  const { accuracy, captions, matches } = compared;
  return {
    ...(accuracy && { accuracy: percent(accuracy.after) }),
    ...(captions.images > 0 && { 'same captions': percent(captions.agreement) }),
    ...(matches && { 'same decisions': percent(matches.agreement) }),
  };
}

/** How often the two precisions say the same, one line for each thing that they say, and what one question counts. */
export function agreementLines(compared: ComparedOutputs): string[] {
  checkCompared('agreementLines', compared);
  const { accuracy, captions, matches } = compared;
  return [
    ...(accuracy
      ? [`one question is ${percent(1 / accuracy.questions)}: differences of one or two questions are chance`]
      : []),
    ...(accuracy ? [`same answer to ${percent(accuracy.answerAgreement)} of the questions`] : []),
    ...(captions.images > 0 ? [`same caption for ${percent(captions.agreement)} of ${captions.images} images`] : []),
    ...(matches
      ? [
          `same decision for ${percent(matches.agreement)} of ${matches.pairs} pairs of image and text`,
          `probabilities differ by ${matches.meanDifference.toFixed(4)} in the mean, by ` +
            `${matches.largestDifference.toFixed(4)} at most`,
        ]
      : []),
  ];
}

/** The first outputs that differ: a table each for answers, captions and matches, and none where nothing differs. */
export function changedTables(compared: ComparedOutputs, count: number): ComparedRow[][] {
  checkCompared('changedTables', compared);
  checkArguments('changedTables', { count: [count, 'number'] });
  const { accuracy, captions, matches } = compared;
  const answers = (accuracy?.changed ?? []).map(({ question, before, after, answers: [truth] }) => ({
    question,
    FP16: before,
    INT8: after,
    truth,
  }));
  const written = captions.changed.map(({ before, after }) => ({ FP16: before, INT8: after }));
  const matched = (matches?.changed ?? []).map(({ text, before, after }) => ({
    text,
    FP16: before.toFixed(4),
    INT8: after.toFixed(4),
  }));
  return [answers, written, matched].map((rows) => rows.slice(0, count)).filter((rows) => rows.length > 0);
}

/** What `saveResults('optimize', …)` keeps of a comparison. */
export function comparedResults(
  compared: ComparedOutputs & Pick<ComparedModels, 'latency'>,
): Omit<OptimizeResults, 'model'> {
  checkCompared('comparedResults', compared);
  checkArguments('comparedResults', { 'compared.latency': [compared.latency, 'object'] });
  const { accuracy, captions, matches, latency } = compared;
  return {
    ...(accuracy && { accuracy: { before: accuracy.before, after: accuracy.after } }),
    ...(!accuracy && {
      agreement: matches ? { of: 'matches', share: matches.agreement } : { of: 'captions', share: captions.agreement },
    }),
    speedup: Object.fromEntries(Object.entries(latency).map(([what, { speedup }]) => [what, speedup])),
  };
}
