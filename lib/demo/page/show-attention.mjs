// Where the model looked: the image darkened but for the patches that counted for a chosen word.
import { percent } from './show-details.mjs';
import { $, element, find } from './dom.mjs';

/** How much of the image is left where the model did not look. */
const DARKEST = 0.78;
const PLACES = [
  ['upper left', 'top', 'upper right'],
  ['left', 'middle', 'right'],
  ['lower left', 'bottom', 'lower right'],
];

/**
 * A word of one token or several, and its attention.
 * @typedef {{ word: string, probability?: number, rows: number, columns: number, data: number[] }} Word
 */

/**
 * A piece of a word, as the server sends it.
 * @typedef {{ token: string, probability?: number, rows: number, columns: number, data: number[] }} Token
 */

/** Takes the picture off the image. */
export function hideAttention() {
  $('heat').hidden = true;
}

/**
 * @param {{ text: Token[], question: Token[] }} looks
 * @returns {HTMLElement} a row of words to choose from
 */
export function attentionChooser({ text, question }) {
  const told = element('p', { className: 'soft', role: 'status', textContent: 'Choose a word.' });
  /** @type {HTMLButtonElement[]} */
  const buttons = [];
  const row = (/** @type {string} */ title, /** @type {Word[]} */ words) =>
    element(
      'div',
      { className: 'words', role: 'group', ariaLabel: title },
      element('span', { className: 'soft', textContent: title }),
      ...words.map((word) => {
        const button = element('button', { type: 'button', textContent: word.word, ariaPressed: 'false' });
        if (word.probability !== undefined) button.title = `probability ${percent(word.probability)}`;
        button.addEventListener('click', () => {
          const on = button.ariaPressed !== 'true';
          for (const each of buttons) each.ariaPressed = String(each === button && on);
          if (on) paint(word);
          else hideAttention();
          told.textContent = on ? describe(word) : 'Choose a word.';
        });
        buttons.push(button);
        return button;
      }),
    );
  return element(
    'div',
    { className: 'attention' },
    row('It wrote', joinPieces(text)),
    ...(question.length > 0 ? [row('It read', joinPieces(question))] : []),
    told,
  );
}

/** Word pieces as words: `snow`, `##man` is one, with the mean of both. @param {Token[]} tokens @returns {Word[]} */
function joinPieces(tokens) {
  /** @type {(Word & { pieces: number })[]} */
  const words = [];
  for (const { token, ...rest } of tokens) {
    if (/^\[[A-Z]+\]$/.test(token)) continue;
    const last = words.at(-1);
    if (!token.startsWith('##') || !last) {
      words.push({ word: token, pieces: 1, ...rest });
      continue;
    }
    last.word += token.slice(2);
    last.data = last.data.map((value, i) => (value * last.pieces + rest.data[i]) / (last.pieces + 1));
    last.pieces++;
    if (last.probability !== undefined) last.probability *= rest.probability ?? 1;
  }
  return words;
}

/** @param {Word} word */
function paint({ rows, columns, data }) {
  const canvas = find('heat', HTMLCanvasElement);
  [canvas.width, canvas.height] = [columns, rows];
  const pixels = new ImageData(columns, rows);
  const most = Math.max(...data, Number.MIN_VALUE);
  data.forEach((value, i) => (pixels.data[4 * i + 3] = Math.round(255 * DARKEST * (1 - value / most))));
  canvas.getContext('2d')?.putImageData(pixels, 0, 0);
  canvas.hidden = false;
}

/** @param {Word} word */
function describe({ word, probability, rows, columns, data }) {
  const at = data.indexOf(Math.max(...data));
  const third = (/** @type {number} */ index, /** @type {number} */ count) =>
    Math.min(2, Math.floor((3 * index) / count));
  const place = PLACES[third(Math.floor(at / columns), rows)][third(at % columns, columns)];
  const sure = probability === undefined ? '' : ` (probability ${percent(probability)})`;
  return `“${word}”${sure}: it looked most at the ${place} of the image.`;
}
