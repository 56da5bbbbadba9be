// The answer, the time of each stage, the command line, and the answers before.
import { curlCommand } from './curl-command.mjs';
import { $, element, ms } from './dom.mjs';
import { token } from './server.mjs';

/** @type {Record<string, string>} */
const NAMES = {
  preprocess: 'prepare the image',
  vision: 'vision model',
  text_encoder: 'text encoder',
  decoder: 'text decoder',
};
const NOTHING_YET = 'The answer appears here.';

/**
 * The text alone, without anything of an answer before.
 *
 * @param {string} text
 * @param {'' | 'busy' | 'bad' | 'soft'} [kind]
 */
export function say(text, kind = '') {
  $('said').textContent = text;
  $('said').className = kind === 'soft' ? 'soft' : '';
  $('result').className = kind;
  $('result').ariaBusy = String(kind === 'busy'); // read out once it is whole
  $('time').hidden = $('details').hidden = $('curl').hidden = true;
  $('details').replaceChildren();
  $('copied').textContent = '';
}

/** As before the first question. */
export function forgetAnswers() {
  say(NOTHING_YET, 'soft');
  $('history').replaceChildren();
  $('history-title').hidden = true;
}

/** @param {any} answer what the server sent */
export function showTime({ milliseconds, stages, tokens }) {
  const used = Object.entries(stages).filter(([, value]) => value > 0);
  $('bar').replaceChildren(
    ...used.map(([name, value]) => {
      const part = element('span');
      part.style.width = `${(100 * value) / milliseconds}%`;
      part.style.background = `var(--${name})`;
      return part;
    }),
  );
  $('bar').ariaLabel = `Time per stage: ${used.map(([name, value]) => `${NAMES[name]} ${ms(value)}`).join(', ')}`;
  const written = tokens > 0 ? ` for ${tokens} token${tokens === 1 ? '' : 's'}` : '';
  const label = (/** @type {string} */ name, /** @type {number} */ value) =>
    `${NAMES[name]} ${ms(value)}${name === 'decoder' ? written : ''}`;
  $('stages').replaceChildren(
    element('li', {}, element('b', { textContent: `${ms(milliseconds)} in all` })),
    ...used.map(([name, value]) => {
      const color = element('i');
      color.style.background = `var(--${name})`;
      return element('li', {}, color, label(name, value));
    }),
    ...(stages.vision === 0 ? [element('li', { textContent: 'image known from before' })] : []),
  );
  $('time').hidden = false;
}

/** Of the answer before: looking where it looked is no answer. */
export function showTimeAgain() {
  $('time').hidden = false;
}

/**
 * @param {string} root the server's address on its own machine
 * @param {string} file
 * @param {string[][]} wishes names and values of the address's query
 */
export function showCommand(root, file, wishes) {
  $('command').textContent = curlCommand(root, file, wishes, token);
  $('curl').hidden = false;
}

/** @param {string} question @param {string} text @param {number} milliseconds */
export function addToHistory(question, text, milliseconds) {
  $('history').prepend(
    element(
      'li',
      {},
      element('div', {}, `${question || 'caption:'} `, element('b', { textContent: text })),
      element('span', { className: 'soft', textContent: ms(milliseconds) }),
    ),
  );
  $('history-title').hidden = false;
}

$('copy').addEventListener('click', async () => {
  try {
    await navigator.clipboard.writeText($('command').textContent ?? '');
    $('copied').textContent = 'Copied.';
  } catch {
    getSelection()?.selectAllChildren($('command'));
    $('copied').textContent = 'Selected: copy it with the keyboard.';
  }
});
