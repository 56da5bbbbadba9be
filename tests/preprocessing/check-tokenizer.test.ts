// A tokenizer beside a model's configuration: what belongs together passes in silence, what does not is an error or a
// warning.
import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { after, test } from 'node:test';
import { BlipProcessor, TokenizerError } from '../../lib/preprocessing';

const BUNDLED = path.join(__dirname, '..', 'fixtures', 'side-files');
const SIDE_FILES = ['preprocessor_config.json', 'tokenizer.json', 'tokenizer_config.json', 'special_tokens_map.json'];
const work = fs.mkdtempSync(path.join(os.tmpdir(), 'blip-check-'));
after(() => fs.rmSync(work, { recursive: true, force: true }));

interface Changes {
  text?: Record<string, unknown>;
  root?: Record<string, unknown>;
  files?: Record<string, string | undefined>;
}

/** A small model's side files with changes; undefined removes a file. */
function change({ text = {}, root = {}, files = {} }: Changes): string {
  const folder = fs.mkdtempSync(path.join(work, 'model-'));
  const config: { text_config: object } = JSON.parse(fs.readFileSync(path.join(BUNDLED, 'config.json'), 'utf8'));
  const changed = { ...config, ...root, text_config: { ...config.text_config, ...text } };
  fs.writeFileSync(path.join(folder, 'config.json'), JSON.stringify(changed));
  for (const name of SIDE_FILES) fs.copyFileSync(path.join(BUNDLED, name), path.join(folder, name));
  for (const [name, content] of Object.entries(files))
    if (content === undefined) fs.rmSync(path.join(folder, name), { force: true });
    else fs.writeFileSync(path.join(folder, name), content);
  return folder;
}

async function warningsOf(changes: Changes): Promise<string[]> {
  const warnings: string[] = [];
  await BlipProcessor.fromCheckpoint(change(changes), { on_warning: (message) => warnings.push(message) });
  return warnings;
}

const refuses = (changes: Changes, ...words: (string | RegExp)[]): Promise<void> =>
  assert.rejects(warningsOf(changes), (error) => {
    assert.ok(error instanceof TokenizerError, String(error));
    for (const word of ['config.json', 'expected', ...words])
      assert.ok(typeof word === 'string' ? error.message.includes(word) : word.test(error.message), error.message);
    return true;
  });

test('a model of 185 tokens, and the same as a retrieval checkpoint', async () => {
  assert.deepEqual(await warningsOf({}), []);
  const retrieval = { architectures: ['BlipForImageTextRetrieval'] };
  assert.deepEqual(await warningsOf({ root: retrieval, text: { bos_token_id: 900, sep_token_id: 102 } }), []);
});

test('a vocabulary of another size', async () => {
  await refuses({ text: { vocab_size: 100, bos_token_id: 5 } }, 'vocab_size is 100', 'up to id 184', 'tokenizer.json');
  assert.deepEqual(await warningsOf({ text: { vocab_size: 192 } }), [], 'filled up to a multiple of 64');
  const [large, ...none] = await warningsOf({ text: { vocab_size: 30_524 } });
  assert.match(large, /30524 ids.*30339 stand for no token/);
  assert.deepEqual(none, []);
});

test('added tokens beyond the word embedding', async () => {
  const files = { 'added_tokens.json': '{"zork": 185, "blub": 186}' };
  assert.deepEqual(await warningsOf({ files, text: { vocab_size: 187 } }), []);
  const [warning] = await warningsOf({ files });
  assert.match(
    warning,
    /no embedding for the added token "zork" \(id 185 and 1 more; text_config\.vocab_size is 185\)/,
  );
});

test('the tokens that answers begin and end with', async () => {
  await refuses({ text: { sep_token_id: 102 } }, 'sep_token_id', '102', '3 ("[SEP]")');
  await refuses({ text: { bos_token_id: 185 } }, 'bos_token_id is 185', 'vocab_size of 185');
  await refuses({ text: { pad_token_id: 51 } }, 'pad_token_id is 51 ("dog")', '0 ("[PAD]")');
  assert.deepEqual(await warningsOf({ text: { pad_token_id: 3 } }), [], 'a special token fills up as well');
  const warnings = await warningsOf({ text: { bos_token_id: 51 } });
  assert.match(warnings[0], /bos_token_id.*51 \("dog"\).*bos_token is 183 \("\[DEC\]"\)/);
  assert.match(warnings[1], /51 \("dog"\).*ordinary token/);
});

test('a marker that nobody calls special', async () => {
  const words = fs.readFileSync(path.join(BUNDLED, 'vocab.txt'), 'utf8').split('\n').slice(0, 183);
  const files = {
    'tokenizer.json': undefined,
    'tokenizer_config.json': undefined,
    'special_tokens_map.json': undefined,
    'vocab.txt': words.join('\n'),
    'added_tokens.json': '{"[DEC]": 183, "[ENC]": 184}',
  };
  const [warning] = await warningsOf({ files });
  assert.match(warning, /183 \("\[dec\]"\).*ordinary token.*bos_token in tokenizer_config\.json/);
  assert.deepEqual(await warningsOf({ files: { ...files, 'tokenizer_config.json': '{"bos_token": "[DEC]"}' } }), []);
});

/** The published checkpoints' tokenizer knows neither [DEC] nor [ENC], whose ids config.json names. */
test('the form of the published checkpoints passes in silence and decodes as transformers does', async () => {
  const unused = Array.from({ length: 994 }, (_, number) => `[unused${number}]`);
  const first = ['[PAD]', ...unused.slice(0, 99), '[UNK]', '[CLS]', '[SEP]', '[MASK]', ...unused.slice(99)];
  const vocab = [...first, ...Array.from({ length: 30_522 - first.length }, (_, number) => `word${number}`)];
  const roles = {
    cls_token: '[CLS]',
    mask_token: '[MASK]',
    pad_token: '[PAD]',
    sep_token: '[SEP]',
    unk_token: '[UNK]',
  };
  const text = { vocab_size: 30_524, bos_token_id: 30_522, eos_token_id: 2, sep_token_id: 102, pad_token_id: 0 };
  const files = {
    'tokenizer.json': undefined,
    'vocab.txt': `${vocab.join('\n')}\n`,
    'tokenizer_config.json': JSON.stringify({ ...roles, do_lower_case: true, tokenizer_class: 'BertTokenizer' }),
    'special_tokens_map.json': JSON.stringify(roles),
  };
  assert.deepEqual(await warningsOf({ text, files }), []);
  const processor = await BlipProcessor.fromCheckpoint(change({ text, files }));
  assert.equal(processor.decode([30_522, 30_521, 1_000, 102]), `${vocab[30_521]} ${vocab[1_000]}`);
  assert.deepEqual(processor.tokens([30_522, 102]), ['<30522>', '[SEP]']);
});
