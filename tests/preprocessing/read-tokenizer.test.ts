// Tokenizer files of many kinds against transformers 5.24 on the same folder (tests/fixtures/make_tokenizers.py): the
// same ids, the same decoded texts, the same tokens, or an error that names the file.
import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { after, test } from 'node:test';
import { BlipTokenizer, TokenizerError } from '../../lib/preprocessing';

interface Case {
  name: string;
  files: Record<string, string>;
  error?: string;
  size: number;
  extra: string[];
  ids: number[][];
  decoded: [ids: number[], text: string][];
  tokens: [id: number, token: string][];
}
interface Fixture {
  words: string[];
  tokenizer: Record<string, unknown>;
  texts: string[];
  cases: Case[];
}
const { words, tokenizer, texts, cases }: Fixture = JSON.parse(
  fs.readFileSync(path.join(__dirname, '..', 'fixtures', 'preprocessing', 'tokenizers.json'), 'utf8'),
);

const work = fs.mkdtempSync(path.join(os.tmpdir(), 'blip-tokenizers-'));
after(() => fs.rmSync(work, { recursive: true, force: true }));
const UNLIMITED = 1e6;
const unexpected = (message: string): never => assert.fail(message);

/** The form of bert-base-uncased's vocabulary, as the fixture's script makes it. */
function publishedVocabulary(): string[] {
  const first = new Map([
    [0, '[PAD]'],
    [100, '[UNK]'],
    [101, '[CLS]'],
    [102, '[SEP]'],
    [103, '[MASK]'],
  ]);
  let unused = 0;
  const start = Array.from({ length: 999 }, (_, id) => first.get(id) ?? `[unused${unused++}]`);
  const all = [...start, ...words.filter((word) => !word.startsWith('['))];
  for (let id = all.length; id < 30_522; id++) all.push(id % 5 === 0 ? `##${id}` : `word${id}`);
  return all;
}

function publishedTokenizer(): object {
  const roles: [number, string][] = [
    [0, '[PAD]'],
    [100, '[UNK]'],
    [101, '[CLS]'],
    [102, '[SEP]'],
    [103, '[MASK]'],
  ];
  const vocab = Object.fromEntries(publishedVocabulary().map((word, id) => [word, id]));
  const flags = { single_word: false, lstrip: false, rstrip: false, normalized: false, special: true };
  return {
    ...tokenizer,
    added_tokens: roles.map(([id, content]) => ({ id, content, ...flags })),
    model: {
      type: 'WordPiece',
      unk_token: '[UNK]',
      continuing_subword_prefix: '##',
      max_input_chars_per_word: 100,
      vocab,
    },
  };
}

function resolve(text: string): string {
  if (text === '@vocab') return `${words.join('\n')}\n`;
  if (text === '@published-vocab') return `${publishedVocabulary().join('\n')}\n`;
  if (text === '@published') return JSON.stringify(publishedTokenizer());
  if (!text.startsWith('@tokenizer')) return text;
  const parts: Record<string, unknown> = { ...tokenizer, ...JSON.parse(text.slice('@tokenizer'.length) || '{}') };
  return JSON.stringify(Object.fromEntries(Object.entries(parts).filter(([, part]) => part !== 'dropped')));
}

function write(files: Record<string, string>): string {
  const folder = fs.mkdtempSync(path.join(work, 'case-'));
  for (const [name, text] of Object.entries(files)) fs.writeFileSync(path.join(folder, name), resolve(text));
  return folder;
}

/** What transformers loads and this library refuses: each gives other ids than its author meant. */
const REFUSED: Readonly<Record<string, RegExp>> = {
  'a byte order mark': /vocab\.txt: starts with a byte order mark/,
  'a blank line': /vocab\.txt: line \d+ is blank/,
  'blank lines at the end': /vocab\.txt: line 184 is blank/,
  'a word twice': /vocab\.txt: lines \d+ and \d+ are both "dog"/,
  'a vocabulary without [CLS]': /vocab\.txt: the cls_token "\[CLS\]" is not among its 182 tokens/,
  'another sep_token that is new': /vocab\.txt: the sep_token "<sep>" is not among/,
  'null for sep_token': /tokenizer_config\.json: "sep_token" is null/,
  'an id twice': /"vocab" has id 51 for both "dog" and "zork"/, // transformers leaves it to a hash map
  'ids with gaps and an added token': /id 183, which is a word's/,
  'other class, no post_processor': /tokenizer\.json: "post_processor" is missing/,
};
/** What transformers refuses and this library reads as its release 4 did. */
const ACCEPTED = ['the newer list in both'];

test('every case against transformers', () => {
  const counts = { equal: 0, refused: 0, failed: 0 };
  for (const { name, files, error, size, extra, ids, decoded, tokens } of cases) {
    const folder = write(files);
    const load = (): BlipTokenizer => new BlipTokenizer(folder, () => {});
    if (name in REFUSED || (error !== undefined && !ACCEPTED.includes(name))) {
      assert.throws(
        load,
        (thrown) =>
          thrown instanceof TokenizerError &&
          thrown.message.includes(folder) &&
          (REFUSED[name] ?? /expected|Expected|as JSON|BERT tokenizer/).test(thrown.message),
        `${name}: ${error}`,
      );
      counts[name in REFUSED ? 'refused' : 'failed']++;
      continue;
    }
    const loaded = load();
    if (error !== undefined) continue;
    assert.equal(loaded.vocabSize, size, name);
    [...texts, ...extra].forEach((text, index) =>
      assert.deepEqual(
        Array.from(loaded.encode([text], UNLIMITED, unexpected).input_ids, Number),
        ids[index],
        `${name}: ${JSON.stringify(text)}`,
      ),
    );
    for (const [row, text] of decoded) assert.equal(loaded.decode(row), text, `${name}: ${row}`);
    for (const [id, token] of tokens) assert.deepEqual(loaded.tokens([id]), [token ?? `<${id}>`], `${name}: ${id}`);
    counts.equal++;
  }
  assert.ok(counts.equal > 140 && counts.failed > 15, JSON.stringify(counts));
  assert.equal(counts.refused, Object.keys(REFUSED).length);
});

test('a changed id is told', () => {
  const warnings: string[] = [];
  const folder = write({ 'vocab.txt': '@vocab', 'added_tokens.json': '{"zork": 200, "blub": 184}' });
  const loaded = new BlipTokenizer(folder, (message) => warnings.push(message));
  assert.deepEqual(loaded.tokens([183, 184]), ['blub', 'zork']);
  assert.equal(warnings.length, 2);
  assert.match(warnings[1], /"zork" has id 200 there and gets 184/);
});

test('text that is cut on the side that the settings say', () => {
  const cut = (side: string): number[] => {
    const files = { 'vocab.txt': '@vocab', 'tokenizer_config.json': JSON.stringify({ truncation_side: side }) };
    const { input_ids } = new BlipTokenizer(write(files)).encode(['a dog is on the beach'], 5, () => {});
    return Array.from(input_ids, Number);
  };
  assert.deepEqual(cut('right'), [2, 21, 51, 63, 3]); // as BertTokenizer(…, truncation=True, max_length=5)
  assert.deepEqual(cut('left'), [2, 77, 102, 31, 3]);
  assert.throws(() => cut('middle'), /"truncation_side" is "middle"/);
});

/** Refused at once, with a short message that names the file. */
function refuses(files: Record<string, string>, words: RegExp): void {
  const folder = write(files);
  const started = performance.now();
  assert.throws(
    () => new BlipTokenizer(folder),
    (error) => {
      assert.ok(error instanceof TokenizerError, String(error));
      assert.ok(
        error.message.includes(folder) && error.message.length < folder.length + 600,
        error.message.slice(0, 900),
      );
      assert.match(error.message, words);
      return true;
    },
  );
  assert.ok(performance.now() - started < 20_000);
}

test('what BERT tokenizers do not have is refused by name, regular expressions above all', () => {
  const hang = { Regex: '(a+)+$' };
  const parts: [part: object, words: RegExp][] = [
    [
      { normalizer: { type: 'Replace', pattern: hang, content: '' } },
      /"normalizer" is of type "Replace".*BertNormalizer/,
    ],
    [{ normalizer: { type: 'Sequence', normalizers: [] } }, /"normalizer" is of type "Sequence"/],
    [
      { pre_tokenizer: { type: 'Split', pattern: hang, behavior: 'Isolated', invert: false } },
      /"pre_tokenizer" is of type "Split"/,
    ],
    [{ decoder: { type: 'Replace', pattern: hang, content: '' } }, /"decoder" is of type "Replace"/],
    [{ post_processor: { type: 'ByteLevel' } }, /"post_processor" is of type "ByteLevel"/],
    [{ post_processor: { type: 'TemplateProcessing', single: [], pair: [] } }, /\[CLS\] text \[SEP\]/],
    [{ model: { type: 'BPE', vocab: { a: 0 }, merges: [] } }, /"model" is of type "BPE".*WordPiece/],
    [{ model: { type: 'WordPiece', vocab: { a: 0 }, continuing_subword_prefix: '@' } }, /prefix.*"@"/],
    [{ model: { type: 'WordPiece', vocab: { a: 0 }, max_input_chars_per_word: 1e9 } }, /1 to 1000/],
    [{ model: { type: 'WordPiece', vocab: { a: -1 } } }, /-1 as the id of "a"/],
    [{ model: { type: 'WordPiece', vocab: { a: 4e9 } } }, /4000000000 as the id/],
    [{ model: { type: 'WordPiece', vocab: { a: 0.5 } } }, /0\.5 as the id/],
    [{ model: { type: 'WordPiece', vocab: [['a', 0]] } }, /the token \["a",0\]/],
    [{ added_tokens: [{ id: 1e9, content: 'x' }] }, /item 0, has the id 1000000000/],
    [{ added_tokens: [{ id: 1, content: 'x'.repeat(2000) }] }, /item 0, has 2000 characters/],
    [{ added_tokens: {} }, /"added_tokens" is \{\}; expected a list/],
  ];
  for (const [part, words] of parts) refuses({ 'tokenizer.json': `@tokenizer${JSON.stringify(part)}` }, words);
});

test('hostile sizes end in errors', () => {
  refuses({ 'tokenizer.json': '['.repeat(200_000) }, /deeper than 64/);
  refuses({ 'tokenizer.json': `{"model": "${'x'.repeat(1e6)}"}` }, /"model" is "x+…/);
  refuses({ 'vocab.txt': `[UNK]${' '.repeat(1_000_000)}x` }, /unk_token/);
  refuses({ 'vocab.txt': Array.from({ length: 1_000_001 }, (_, id) => id).join('\n') }, /1000001 lines/);
  const many = Object.fromEntries(Array.from({ length: 40_000 }, (_, id) => [`token ${id}`, 183 + id]));
  refuses({ 'vocab.txt': '@vocab', 'added_tokens.json': JSON.stringify(many) }, /250000 characters/);
  refuses(
    {
      'vocab.txt': '@vocab',
      'tokenizer_config.json': `{"bos_token": ${'{"content":'.repeat(100)}1${'}'.repeat(100)}}`,
    },
    /deeper/,
  );
  refuses({ 'vocab.txt': '@vocab', 'added_tokens.json': '{"\\ud83d": 183}' }, /half of a character/);
});

test('long texts take bounded time', () => {
  const config = {
    added_tokens_decoder: { 183: { content: 'a'.repeat(900) }, 184: { content: `${' '.repeat(500)}b`, lstrip: true } },
  };
  const loaded = new BlipTokenizer(write({ 'vocab.txt': '@vocab', 'tokenizer_config.json': JSON.stringify(config) }));
  const started = performance.now();
  for (const text of ['a'.repeat(300_000), ' '.repeat(300_000), 'dog '.repeat(50_000), '##'.repeat(100_000)]) {
    const { dims } = loaded.encode([text], 512, () => {});
    assert.ok(dims[1] <= 512);
  }
  assert.ok(performance.now() - started < 60_000, `${performance.now() - started} ms`);
  assert.throws(
    () => loaded.encode(['x'.repeat(1_000_001)], 512, () => {}),
    /1000001 characters; expected at most 1000000/,
  );
});
