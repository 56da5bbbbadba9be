// The demo's page: an image and a question to the server that sent it, and the answer as it comes.
import { $, element, find } from './dom.mjs';
import { ask, get } from './server.mjs';
import { attentionChooser, hideAttention } from './show-attention.mjs';
import { addToHistory, forgetAnswers, say, showCommand, showTime } from './show-answer.mjs';
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
  showBusy(true);
  if (hadFocus) $('stop').focus();
  say('', 'busy');
  hideAttention();
  try {
    const answer = await ask(image.blob, wishes, {
      signal: request.signal,
      onProgress: ({ place, text: written }) => say(place ? `Place ${place} in the queue` : (written ?? ''), 'busy'),
    });
    if (answer.error) {
      const isQuestion = /^The question /.test(answer.error);
      if (isQuestion) complainAboutQuestion(answer.error);
      say(isQuestion ? 'No answer: see above.' : `${image.name}: ${answer.error}`, 'bad');
      return;
    }
    say(answer.text || '(nothing)');
    showDetails(answer, about.reliable_from);
    showTime(answer);
    showAttention(answer, wishes);
    showCommand(about.address, image.name, wishes);
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

/** @param {{ image: string, name: string, question: string }} example */
async function exampleButton({ image, name, question: asked }) {
  const blob = await (await get(image)).blob();
  const thumbnail = element('img', { src: URL.createObjectURL(blob), alt: '' });
  const button = element('button', { type: 'button' }, thumbnail, asked || 'a caption');
  button.onclick = async () => {
    if (!(await images.choose(blob, name))) return;
    question.value = asked;
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
  $('examples').replaceChildren(...buttons);
  if (about.search) searchField(buttons);
  $('examples-section').hidden = about.examples.length === 0;
}

start().catch(() => say('The program that serves this page does not answer. Start it again, then reload.', 'bad'));
