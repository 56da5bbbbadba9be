// What is known beside the text: how probable it is, words that the model never saw, other texts, the second model's.
import { $, element, ms } from './dom.mjs';

/** @param {number} value from 0 to 1 */
export function percent(value) {
  const shown = value * 100;
  if (shown > 0 && shown < 0.1) return 'below 0.1 %';
  return `${shown.toFixed(shown > 99.9 || shown < 10 ? 1 : 0)} %`;
}

/**
 * @param {any} answer
 * @param {{ score: number, correct: number } | undefined} reliable what the checkpoint says about its probabilities
 */
export function showDetails(answer, reliable) {
  const parts = [
    ...showProbability(answer, reliable),
    ...showUnknown(answer.unknown_words ?? []),
    ...(answer.texts ? [showTexts(answer.texts)] : []),
    ...(answer.compared ? [showCompared(answer)] : []),
  ];
  $('details').replaceChildren(...parts);
  $('details').hidden = parts.length === 0;
  if (answer.unsure) $('result').classList.add('doubt');
}

/** @param {any} answer @param {{ score: number, correct: number } | undefined} reliable */
function showProbability({ probability, unsure, texts }, reliable) {
  if (probability === undefined || (texts && !unsure)) return []; // the list of texts shows it
  const shown = element('p', { className: 'soft', textContent: `Probability ${percent(probability)}` });
  if (!unsure || !reliable) return [shown];
  const doubt = element('strong', { textContent: 'The model is unsure. ' });
  const text =
    `Probability ${percent(probability)}; of its answers from ${percent(reliable.score)} up, ` +
    `${percent(reliable.correct)} are right.`;
  return [element('p', { className: 'doubtful' }, doubt, text)];
}

/** @param {string[]} words */
function showUnknown(words) {
  if (words.length === 0) return [];
  const marked = words.flatMap((word, i) => [...(i > 0 ? [', '] : []), element('mark', { textContent: word })]);
  const rest = words.length === 1 ? '. The answer rests on the other words.' : '. The answer rests on the others.';
  return [element('p', { className: 'doubtful' }, 'The model never saw: ', ...marked, rest)];
}

/** @param {{ text: string, probability: number }[]} texts */
function showTexts(texts) {
  return element(
    'ol',
    { className: 'texts', ariaLabel: 'Best first' },
    ...texts.map(({ text, probability }) => {
      const bar = element('i');
      bar.style.width = `${probability * 100}%`;
      return element(
        'li',
        {},
        bar,
        element('span', { textContent: text || '(nothing)' }),
        element('span', { className: 'soft', textContent: percent(probability) }),
      );
    }),
  );
}

/** @param {any} answer */
function showCompared({ label, text, milliseconds, compared }) {
  const row = (/** @type {string} */ name, /** @type {string} */ said, /** @type {number} */ time) =>
    element(
      'tr',
      {},
      element('th', { scope: 'row', textContent: name }),
      element('td', { textContent: said || '(nothing)' }),
      element('td', { className: 'soft', textContent: ms(time) }),
    );
  return element(
    'table',
    { className: 'compared' },
    element('caption', {
      className: 'soft',
      textContent: text === compared.text ? 'Both say the same.' : 'They differ.',
    }),
    element('tbody', {}, row(label, text, milliseconds), row(compared.label, compared.text, compared.milliseconds)),
  );
}
