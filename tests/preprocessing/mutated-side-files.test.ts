// Damaged side files: whatever stands in them, loading a processor gives a working one or an error of the library's
// own, soon. BLIP_FUZZ_ROUNDS and BLIP_FUZZ_SEED in the environment choose more rounds, or others.
import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { after, test } from 'node:test';
import { BlipError } from '../../lib/core/errors';
import { mulberry32 } from '../../lib/datasets/seeded-shuffle';
import { BlipProcessor } from '../../lib/preprocessing';

const ROUNDS = Number(process.env.BLIP_FUZZ_ROUNDS ?? 1500);
const SEED = Number(process.env.BLIP_FUZZ_SEED ?? 233);
const ROOT = path.join(__dirname, '..', '..');
const BUNDLED = path.join(ROOT, 'tests', 'fixtures', 'side-files');
const IMAGE = path.join(ROOT, 'tests', 'fixtures', 'preprocessing', 'images', 'rgb.png');
const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'blip-mutated-'));
after(() => fs.rmSync(folder, { recursive: true, force: true }));

const read = (name: string): unknown => JSON.parse(fs.readFileSync(path.join(BUNDLED, name), 'utf8'));
const VOCABULARY = fs.readFileSync(path.join(BUNDLED, 'vocab.txt'), 'utf8');
/** The first two are there only when they are mutated. */
const FILES: ReadonlyMap<string, unknown> = new Map<string, unknown>([
  ['processor_config.json', { image_processor: read('preprocessor_config.json') }],
  ['added_tokens.json', { zork: 185 }],
  ...[
    'config.json',
    'preprocessor_config.json',
    'tokenizer.json',
    'tokenizer_config.json',
    'special_tokens_map.json',
  ].map((name) => [name, read(name)] as const),
]);
const OPTIONAL = ['processor_config.json', 'added_tokens.json'];

/** Values of every kind, in JSON. */
const VALUES = [
  ...'null true false 0 -1 1 1e308 -0 0.5 1e-45 2147483648 9007199254740992'.split(' '),
  ...'"" "x" "[DEC]" "\\u0000" "😀" "\\ud83d"'.split(' '),
  ...'[] {} [[]] [null] [1,2,3] {"a":1} {"content":"q"} {"content":1} {"content":"q","special":1} "__proto__"'.split(
    ' ',
  ),
  ...'{"height":1,"width":1} {"height":16384,"width":16384} {"shortest_edge":3} {"type":"Replace"}'.split(' '),
  '{"type":"BertNormalizer","lowercase":"x"}',
  '{"__proto__":{"a":1},"constructor":2,"toString":3}',
  `[${Array(50).fill(7)}]`,
  JSON.stringify('x'.repeat(3000)),
].map((text): unknown => JSON.parse(text));
const KEYS = [
  ...'__proto__ constructor toString hasOwnProperty size crop_size do_center_crop do_resize image_mean'.split(' '),
  ...'image_std rescale_factor resample pad_size do_pad default_to_square image_processor'.split(' '),
  ...'image_processor_type added_tokens_decoder bos_token sep_token zz_token extra_special_tokens'.split(' '),
  ...'additional_special_tokens split_special_tokens truncation_side tokenizer_class vocab model'.split(' '),
  ...'added_tokens post_processor type unk_token single cls sep'.split(' '),
];
const PIECES = ['{', '[', '"', '\\', '\0', 'NaN', 'Infinity', '\ud800', ',', ':'];
const LINES = ['\n', '\r', '\r\n\r\n', '\ufeff', '\0', '[SEP]', '\u2028', ' '];

const random = mulberry32(SEED);
const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)];

/** Exchanges, drops and adds values; more of them the deeper they lie. */
function mutate(value: unknown, depth = 0): unknown {
  if (random() < 0.04 + 0.06 * depth) return pick(VALUES);
  if (Array.isArray(value)) {
    const list = value.map((item: unknown) => (random() < 0.3 ? mutate(item, depth + 1) : item));
    if (random() < 0.1) list.splice(Math.floor(random() * list.length), 1);
    return random() < 0.1 ? [...list, pick(VALUES)] : list;
  }
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value)
    .filter(() => random() > 0.01)
    .map(([key, item]): [string, unknown] => [key, random() < 0.25 ? mutate(item, depth + 1) : item]);
  return Object.fromEntries(random() < 0.3 ? [...entries, [pick(KEYS), pick(VALUES)]] : entries);
}

/** A text with a piece put in place of a character, or cut off. */
function damage(text: string, pieces: readonly string[]): string {
  const at = Math.floor(random() * text.length);
  return text.slice(0, at) + (random() < 0.5 ? '' : pick(pieces) + text.slice(at + 1));
}

function writeFolder(): void {
  for (const name of fs.readdirSync(folder)) fs.rmSync(path.join(folder, name));
  const names = [...FILES.keys()];
  const mutated = [pick(names), pick(names)];
  const plain = random() < 0.3;
  for (const [name, json] of FILES) {
    if ((plain && name === 'tokenizer.json') || (OPTIONAL.includes(name) && !mutated.includes(name))) continue;
    const text = JSON.stringify(mutated.includes(name) ? mutate(json) : json);
    fs.writeFileSync(path.join(folder, name), mutated.includes(name) && random() < 0.1 ? damage(text, PIECES) : text);
  }
  if (plain) fs.writeFileSync(path.join(folder, 'vocab.txt'), random() < 0.5 ? damage(VOCABULARY, LINES) : VOCABULARY);
}

test('side files with odd values', { timeout: 600_000 }, async () => {
  const outcomes = new Map<string, number>();
  for (let round = 0; round < ROUNDS; round++) {
    writeFolder();
    const where = `round ${round} of seed ${SEED}`;
    let outcome = 'works';
    try {
      const processor = await BlipProcessor.fromCheckpoint(folder, {
        on_warning: (message) =>
          assert.ok(message.length < 1500, `${where}: a warning of ${message.length} characters`),
      });
      const { input_ids } = processor.text(['a dog zork', '[DEC] x 中']);
      processor.decode(input_ids);
      processor.decode([0, 1, 2, 3, 4, 5, 50, 183, 184, 185, 186, 1e9, -1]);
      const { data } = await processor.image(IMAGE);
      assert.ok(data.every(Number.isFinite), `${where}: pixel values that are no numbers`);
    } catch (error) {
      if (!(error instanceof BlipError)) throw new Error(`${where}: no error of the library`, { cause: error });
      assert.ok(error.message.length < 1000, `${where}: a message of ${error.message.length} characters`);
      outcome = error.name;
    }
    outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
  }
  for (const name of ['works', 'BlipConfigError', 'PreprocessorConfigError', 'TokenizerError'])
    assert.ok((outcomes.get(name) ?? 0) > ROUNDS / 50, JSON.stringify([...outcomes]));
});
