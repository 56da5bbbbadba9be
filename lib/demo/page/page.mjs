// The demo's page: an image and a question to the server that sent it, and the answer as it comes.
import { $, element, find } from './dom.mjs';
import { ask, get } from './server.mjs';
import { attentionChooser, hideAttention } from './show-attention.mjs';
import { addToHistory, forgetAnswers, say, showCommand, showTime, showTimeAgain } from './show-answer.mjs';
import { searchField } from './search-examples.mjs';
import { showDetails } from './show-details.mjs';
import { imageArea } from './show-image.mjs';
import { cameraTool } from './take-photo.mjs';

/** The question travels in the address, which servers limit. */
const MAX_QUESTION_CHARACTERS = 2000;

const question = find('question', HTMLInputElement);
const texts = find('texts', HTMLSelectElement);
const candidates = find('candidates', HTMLInputElement);
const compare = find('compare', HTMLInputElement);
/** What `GET about` said. @type {any} */
let about = { canAnswer: true, maxBytes: Number.POSITIVE_INFINITY, examples: [] };
/** The request that runs. @type {AbortController | undefined} */
let running;

const images = imageArea({
  maxBytes: () => about.maxBytes,
  onChange: () => {
    running?.abort();
    running = undefined;
    forgetAnswers();
    hideAttention();
    complainAboutQuestion('');
  },
});
cameraTool({ onPhoto: (photo, name) => void images.choose(photo, name) });

/** @param {string} text */
function complainAboutQuestion(text) {
  $('question-problem').textContent = text;
  question.ariaInvalid = String(text !== '');
}

/** What stands in the field of given answers, between commas. */
const splitAnswers = () => candidates.value.split(',').filter((answer) => answer.trim() !== '');

/** @param {boolean} busy */
function showBusy(busy) {
  $('go').hidden = busy;
  $('stop').hidden = !busy;
}

/** @param {string[][]} [again] what was asked before, to ask it once more with something added */
async function askNow(again) {
  if (running) return;
  const image = images.current();
  if (!image) return say('No image: choose one first, or take an example.', 'bad');
  const text = again?.[0][1] ?? (about.canAnswer ? question.value.trim() : '');
  complainAboutQuestion('');
  if (text.length > MAX_QUESTION_CHARACTERS)
    return complainAboutQuestion(
      `The question is too long: it has ${text.length} characters, at most ${MAX_QUESTION_CHARACTERS} are sent. ` +
        'Shorten it.',
    );
  const request = (running = new AbortController());
  const wishes = again ?? [
    ['question', text],
    ...(texts.value === '1' ? [] : [['texts', texts.value]]),
    ...(text ? splitAnswers().map((answer) => ['candidate', answer]) : []),
    ...(compare.checked ? [['compare', '1']] : []),
  ];
  const hadFocus = document.activeElement === $('go');
  if (matchMedia('(pointer: coarse)').matches) question.blur(); // its keyboard would cover the answer
  showBusy(true);
  if (hadFocus) $('stop').focus();
  say('', 'busy');
  showResult();
  hideAttention();
  try {
    const answer = await ask(image.blob, wishes, {
      signal: request.signal,
      onProgress: ({ place, text: written }) => say(place ? `Place ${place} in the queue` : (written ?? ''), 'busy'),
    });
    if (answer.error) {
      if (answer.subject === 'question') {
        complainAboutQuestion(answer.error);
        say('No answer: see above.', 'bad');
        $('form').scrollIntoView({ block: 'nearest' });
      } else say(answer.subject === 'image' ? `${image.name}: ${answer.error}` : answer.error, 'bad');
      return;
    }
    say(answer.text || '(nothing)');
    showDetails(answer, about.reliable_from);
    if (again) showTimeAgain();
    else showTime(answer);
    showAttention(answer, wishes);
    showCommand(about.address, image.name, wishes);
    showResult();
    if (!again) addToHistory(text, answer.text, answer.milliseconds);
  } catch {
    if (!request.signal.aborted)
      say('No answer: the program that serves this page has ended. Start it again, then reload.', 'bad');
    else if (images.current() === image) say('Stopped.', 'soft');
  } finally {
    if (running === request) running = undefined;
    const stopHadFocus = document.activeElement === $('stop');
    showBusy(running !== undefined);
    if (stopHadFocus) $('go').focus();
  }
}

/** Brings the answer onto the screen, which on a phone has little room. */
function showResult() {
  $('result').scrollIntoView({ block: 'nearest' });
}

/** @param {any} answer @param {string[][]} wishes */
function showAttention({ attention, tokens }, wishes) {
  if (!about.attention || tokens === 0 || !$('no-preview').hidden) return;
  const show = element('button', { type: 'button', textContent: 'Where did it look?' });
  show.addEventListener('click', () => void askNow([...wishes, ['attention', '1']]));
  $('details').append(attention ? attentionChooser(attention) : show);
  $('details').hidden = false;
  if (attention) $('details').querySelector('button')?.focus();
}

$('form').addEventListener('submit', (event) => {
  event.preventDefault();
  void askNow();
});
$('stop').addEventListener('click', () => running?.abort());
$('clear').addEventListener('click', () => (question.value = ''));
question.addEventListener('input', () => complainAboutQuestion(''));

/** Options that are set show also where they are folded away. */
function countOptions() {
  const set = [texts.value !== '1', splitAnswers().length > 0, compare.checked].filter(Boolean).length;
  $('options-title').textContent = set === 0 ? 'Options' : `Options (${set} set)`;
}
$('options').addEventListener('input', countOptions);
find('options', HTMLDetailsElement).open = matchMedia('(min-width: 721px)').matches; // as in page.css

/**
 * @param {{ image: string, name: string, title: string, question: string, description: string }} example
 * @returns {Promise<HTMLButtonElement | undefined>} undefined when its image cannot be had
 */
async function exampleButton({ image, name, title, question: asked, description }) {
  const response = await get(image).catch(() => undefined);
  if (!response?.ok) return undefined;
  const blob = await response.blob();
  const thumbnail = element('img', { src: URL.createObjectURL(blob), alt: `${description}:` });
  const button = element('button', { type: 'button' }, thumbnail, asked || `Caption: ${title}`);
  button.onclick = async () => {
    if (!(await images.choose(blob, name))) return;
    question.value = asked;
    $('image-section').scrollIntoView({ block: 'nearest', behavior: 'instant' }); // from there on to the answer
    void askNow();
  };
  return button;
}

async function start() {
  const response = await get('about');
  const told = await response.json();
  if (!response.ok) return say(told.error, 'bad');
  about = told;
  $('about').textContent = `${about.model} on ${about.device}, computed in ${about.precision}`;
  $('trained-on').textContent = about.trained_on ? `Trained on: ${about.trained_on}` : '';
  $('compare-option').hidden = about.compare === undefined;
  $('compare-label').textContent = `Compare with ${about.compare}`;
  if (!about.canAnswer) {
    question.disabled = true;
    $('candidates-option').hidden = true;
    question.placeholder = 'this checkpoint writes captions only';
    $('go').textContent = 'Caption';
  }
  const buttons = await Promise.all(about.examples.map(exampleButton));
  const shown = buttons.filter((button) => button !== undefined);
  $('examples').replaceChildren(...shown);
  if (about.search) searchField(buttons);
  $('examples-section').hidden = shown.length === 0;
}

start().catch(() => say('The program that serves this page does not answer. Start it again, then reload.', 'bad'));
