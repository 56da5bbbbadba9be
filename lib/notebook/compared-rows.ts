// A comparison of two precisions as the second notebook shows it: accuracy or matches, what changed, and what is kept
// of it.
import type { ComparedModels } from '../evaluation';
import { percent } from './format-number';
import type { OptimizeResults } from './report-lines';

type Row = Readonly<Record<string, string | number>>;
type Outputs = Pick<ComparedModels, 'accuracy' | 'captions' | 'matches'>;

/**
 * Accuracy by kind of question; of a retrieval model, how often an image's own text scores higher than another image's.
 * Empty where nothing was asked.
 */
export function accuracyRows({ accuracy, matches }: Outputs): Row[] {
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
  }));
}

/** How often the two precisions say the same, one line for each thing that they say. */
export function agreementLines({ accuracy, captions, matches }: Outputs): string[] {
  return [
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
export function changedTables({ accuracy, captions, matches }: Outputs, count: number): Row[][] {
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
export function comparedResults({
  latency,
  ...outputs
}: Outputs & Pick<ComparedModels, 'latency'>): Omit<OptimizeResults, 'model'> {
  const { accuracy, captions, matches } = outputs;
  return {
    ...(accuracy && { accuracy: { before: accuracy.before, after: accuracy.after } }),
    ...(!accuracy && {
      agreement: matches ? { of: 'matches', share: matches.agreement } : { of: 'captions', share: captions.agreement },
    }),
    speedup: Object.fromEntries(Object.entries(latency).map(([what, { speedup }]) => [what, speedup])),
  };
}
