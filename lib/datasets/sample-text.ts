// A sample's question and answer as one text that describes its image, for models that match texts to images.
import { checkArguments } from '../core/check-arguments';
import type { VqaSample } from './vqa-sample';

/**
 * The first caption where there is one, else the question with its most frequent answer behind it.
 *
 * @example
 * sampleText({ question: 'how many dogs are there?', answers: ['2', '2', '3'], ... }) // 'how many dogs are there? 2'
 */
export function sampleText(sample: VqaSample): string {
  checkArguments('sampleText', { sample: [sample, ['question', 'answers']] });
  const { caption, question, answers } = sample;
  const [first] = caption ?? [];
  if (first !== undefined && first.trim() !== '') return first;
  const counts = new Map<string, number>();
  for (const answer of answers) counts.set(answer, (counts.get(answer) ?? 0) + 1);
  // A stable sort: the first of equals
  const [answer = ''] = [...counts].sort(([, a], [, b]) => b - a).map(([each]) => each);
  return `${question} ${answer}`.trim();
}
