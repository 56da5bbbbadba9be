// Words that the model never saw: what config.json's training_notes may say, and which words of a text are new.
import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { after, test } from 'node:test';
import { BlipConfigError, parseBlipConfig } from '../../lib/checkpoint';
import { ArgumentError } from '../../lib/core/check-arguments';
import { nameUnknownWords } from '../../lib/pipelines/name-unknown-words';
import { BlipProcessor } from '../../lib/preprocessing';

const TOKENS = [
  ...[
    '[PAD]',
    '[UNK]',
    '[CLS]',
    '[SEP]',
    '?',
    ',',
    "'",
    'what',
    'is',
    'the',
    'dog',
    's',
    'colour',
    'isn',
    't',
    'ete',
    'a',
  ],
  ...['##x', '##o', '1', '##2', '[DEC]'],
];
const NOTES = { trained_on: 'Drawn scenes; photos are beyond it.', whole_words_seen: true };
const folders: string[] = [];
after(() => folders.forEach((folder) => fs.rmSync(folder, { recursive: true })));

function makeProcessor(training_notes: unknown): Promise<BlipProcessor> {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'blip-words-'));
  folders.push(folder);
  const text_config = {
    vocab_size: TOKENS.length,
    bos_token_id: TOKENS.length - 1,
    sep_token_id: 3,
    max_position_embeddings: 16,
  };
  const config = { model_type: 'blip', text_config, vision_config: { image_size: 24, patch_size: 8 }, training_notes };
  fs.writeFileSync(path.join(folder, 'config.json'), JSON.stringify(config));
  fs.writeFileSync(path.join(folder, 'vocab.txt'), TOKENS.join('\n'));
  fs.writeFileSync(path.join(folder, 'preprocessor_config.json'), JSON.stringify({ size: { height: 24, width: 24 } }));
  return BlipProcessor.fromCheckpoint(folder, { on_warning: () => {} });
}

test('words that the vocabulary takes apart are named as typed, once, in their order', async () => {
  const processor = await makeProcessor(NOTES);
  const cases: readonly (readonly [string, readonly string[]])[] = [
    ['what is the dog?', []],
    ['WHAT is The DOG', []],
    ["what's the dog's colour, isn't it?", ['it']],
    ['what’s the colour', []],
    ['Is the Axolotl (the axolotl) a dogo?', ['Axolotl', 'dogo']],
    ['dox', ['dox']],
    ['"dog"; [dog] - dog/cat', ['cat']],
    ["we're the dog", ["we're"]],
    ['', []],
    ['   \n\t ?!...', []],
    ['12 dog 1', ['12']],
    ['été', []],
    ['e\u0301te\u0301', []],
    ['犬 dog 😀', ['犬', '😀']],
    ['\ud800 dog \0', []],
    ['a'.repeat(200), ['a'.repeat(200)]],
  ];
  for (const [text, expected] of cases) assert.deepEqual(processor.unknownWords(text), expected, JSON.stringify(text));
});

test('a long text gives a bounded list, quickly', async () => {
  const processor = await makeProcessor(NOTES);
  const text = Array.from({ length: 100_000 }, (_, index) => `word${index}`).join(' ');
  assert.equal(processor.unknownWords(text).length, 100);
  assert.deepEqual(processor.unknownWords('dog '.repeat(50_000)), []);
});

test('a checkpoint that claims nothing about its words names none', async () => {
  for (const notes of [undefined, null, { trained_on: 'photos' }, { ...NOTES, whole_words_seen: false }]) {
    const processor = await makeProcessor(notes);
    assert.deepEqual(processor.unknownWords('axolotl'), []);
    assert.deepEqual(nameUnknownWords(processor, 'axolotl'), {});
  }
});

test('an answer carries the unknown words only where there are any', async () => {
  const processor = await makeProcessor(NOTES);
  assert.deepEqual(nameUnknownWords(processor, 'is the dog a Robot?'), { unknown_words: ['Robot'] });
  assert.deepEqual(nameUnknownWords(processor, 'what is the dog?'), {});
  assert.throws(() => processor.unknownWords(JSON.parse('5')), ArgumentError);
});

test('training_notes are parsed, or refused with the file and the field', () => {
  const reliable = { ...NOTES, reliable_from: { score: 0.8, correct: 0.95 } };
  assert.deepEqual(parseBlipConfig({ training_notes: reliable }, 'config.json').training_notes, reliable);
  assert.equal('training_notes' in parseBlipConfig({}, 'config.json'), false);
  const wrong: readonly (readonly [unknown, RegExp])[] = [
    ['photos', /config\.json: training_notes is "photos", expected an object/],
    [[], /training_notes is .*, expected an object/],
    [{}, /training_notes\.trained_on is missing/],
    [{ trained_on: '' }, /trained_on/],
    [{ trained_on: 'x'.repeat(1001) }, /trained_on/],
    [{ trained_on: 'x', whole_words_seen: 'yes' }, /whole_words_seen is "yes", expected true or false/],
    [{ ...NOTES, reliable_from: 0.9 }, /reliable_from is 0\.9, expected an object/],
    [{ ...NOTES, reliable_from: { score: 1.5, correct: 0.9 } }, /reliable_from\.score is 1\.5/],
    [{ ...NOTES, reliable_from: { score: 0.5 } }, /reliable_from\.correct is missing/],
    [{ ...NOTES, reliable_from: { score: NaN, correct: 0.9 } }, /reliable_from\.score is NaN/],
  ];
  for (const [training_notes, message] of wrong)
    assert.throws(
      () => parseBlipConfig({ training_notes }, 'config.json'),
      (error) => error instanceof BlipConfigError && message.test(error.message),
    );
});
