// Text against HF's BertTokenizer (transformers 5.23; tests/fixtures/make_preprocessing.py): ids and decoded strings
// must be equal.
import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { test } from 'node:test';
import { BlipTokenizer, TokenizerError } from '../../lib/preprocessing';

const FIXTURES = path.join(__dirname, '..', 'fixtures', 'preprocessing');
interface Expected {
  max_length: number;
  texts: { text: string; input_ids: number[]; truncated: number[]; decoded: string }[];
  batch: { input_ids: number[][]; attention_mask: number[][] };
  decoded: { ids: number[]; decoded: string }[];
}
const expected: Expected = JSON.parse(fs.readFileSync(path.join(FIXTURES, 'texts.json'), 'utf8'));
const tokenizer = new BlipTokenizer(path.join(FIXTURES, 'tokenizer'));
const UNLIMITED = 1e6;
const unexpected = (message: string): never => assert.fail(message);
const temporaryFolder = (): string => fs.mkdtempSync(path.join(os.tmpdir(), 'blip-text-'));

/** A checkpoint folder with vocab.txt alone. */
function vocabFolder(): string {
  const folder = temporaryFolder();
  fs.copyFileSync(path.join(FIXTURES, 'vocab.txt'), path.join(folder, 'vocab.txt'));
  return folder;
}

test('ids of every text', () => {
  for (const { text, input_ids } of expected.texts)
    assert.deepEqual(
      Array.from(tokenizer.encode([text], UNLIMITED, unexpected).input_ids, Number),
      input_ids,
      JSON.stringify(text),
    );
});

test("decoding every text's ids, and random ids with unknown ones among them", () => {
  for (const { text, input_ids, decoded } of expected.texts)
    assert.equal(tokenizer.decode(input_ids), decoded, JSON.stringify(text));
  for (const { ids, decoded } of expected.decoded) assert.equal(tokenizer.decode(ids), decoded, JSON.stringify(ids));
  assert.equal(tokenizer.decode([]), '');
  assert.equal(tokenizer.decode(BigInt64Array.of(2n, 3n)), '');
});

test('too long a text keeps its [SEP] and is reported', () => {
  let cut = 0;
  for (const { text, input_ids, truncated } of expected.texts) {
    const warnings: string[] = [];
    const { input_ids: ids } = tokenizer.encode([text], expected.max_length, (message) => warnings.push(message));
    assert.deepEqual(Array.from(ids, Number), truncated, JSON.stringify(text));
    assert.equal(warnings.length, input_ids.length > expected.max_length ? 1 : 0);
    if (warnings.length > 0) {
      assert.match(
        warnings[0],
        new RegExp(`has ${input_ids.length} tokens; the model takes at most ${expected.max_length}`),
      );
      cut++;
    }
  }
  assert.ok(cut >= 2, 'the fixtures hold texts that are too long');
});

test('a batch is padded to its longest text', () => {
  const { input_ids, attention_mask, dims } = tokenizer.encode(
    expected.texts.slice(0, 4).map(({ text }) => text),
    UNLIMITED,
    unexpected,
  );
  const length = expected.batch.input_ids[0].length;
  assert.deepEqual(dims, [4, length]);
  assert.deepEqual(Array.from(input_ids, Number), expected.batch.input_ids.flat());
  assert.deepEqual(Array.from(attention_mask, Number), expected.batch.attention_mask.flat());
});

test('tokens by id', () => {
  assert.deepEqual(tokenizer.tokens([2, 3n, 1e5]), ['[CLS]', '[SEP]', '<100000>']);
});

test('vocab.txt alone gives the same ids', () => {
  const folder = vocabFolder();
  const added = {
    bos_token: '[DEC]',
    added_tokens_decoder: {
      [tokenizer.vocabSize - 2]: { content: '[DEC]', special: true },
      [tokenizer.vocabSize - 1]: { content: '[ENC]', special: true },
    },
  };
  fs.writeFileSync(path.join(folder, 'tokenizer_config.json'), JSON.stringify(added));
  const fromVocab = new BlipTokenizer(folder);
  for (const { text, input_ids, decoded } of expected.texts) {
    assert.deepEqual(
      Array.from(fromVocab.encode([text], UNLIMITED, unexpected).input_ids, Number),
      input_ids,
      JSON.stringify(text),
    );
    assert.equal(fromVocab.decode(input_ids), decoded);
  }
  fs.rmSync(folder, { recursive: true });
});

test('an unpaired surrogate is dropped', () => {
  const ids = (text: string): number[] => Array.from(tokenizer.encode([text], UNLIMITED, unexpected).input_ids, Number);
  assert.deepEqual(ids('dog\ud83d s'), ids('dog s'));
});

test('errors name the file and what is missing', () => {
  const empty = temporaryFolder();
  assert.throws(
    () => new BlipTokenizer(empty),
    (error) => error instanceof TokenizerError && error.message.includes(empty) && error.message.includes('vocab.txt'),
  );
  fs.writeFileSync(path.join(empty, 'tokenizer.json'), '{');
  assert.throws(() => new BlipTokenizer(empty), /tokenizer\.json: cannot be read as JSON/);
  fs.writeFileSync(path.join(empty, 'tokenizer.json'), '{"model":{}}');
  assert.throws(() => new BlipTokenizer(empty), TokenizerError);
  fs.rmSync(empty, { recursive: true });
  const other = vocabFolder();
  fs.writeFileSync(path.join(other, 'vocab.txt'), 'a\nb\n');
  assert.throws(() => new BlipTokenizer(other), /vocab\.txt: the unk_token "\[UNK\]" is not among its 2 tokens/);
  fs.rmSync(other, { recursive: true });
  assert.throws(() => tokenizer.encode([], UNLIMITED, unexpected), TokenizerError);
});
