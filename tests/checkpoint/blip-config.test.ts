// config.json as transformers 5.23 fills it in (tests/fixtures/make_safetensors.py), and errors that name the field.
import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import * as path from 'node:path';
import { describe, it } from 'node:test';
import { BlipConfigError, parseBlipConfig } from '../../lib/checkpoint';

interface Case {
  readonly name: string;
  readonly json: unknown;
  readonly expected: Record<string, unknown>;
}
const CASES: readonly Case[] = JSON.parse(
  fs.readFileSync(path.join(__dirname, '..', 'fixtures', 'checkpoint', 'config-cases.json'), 'utf8'),
);

describe('parseBlipConfig fills in what transformers does', () => {
  for (const { name, json, expected } of CASES) {
    it(name, () => {
      const { text_config, vision_config, projection_dim, image_text_hidden_size } = parseBlipConfig(
        json,
        'config.json',
      );
      assert.deepEqual({ text_config, vision_config, projection_dim, image_text_hidden_size }, expected);
    });
  }
});

it('takes the first of several end tokens, which transformers 5 allows', () => {
  const config = parseBlipConfig({ text_config: { eos_token_id: [3, 102] } }, 'c.json');
  assert.equal(config.text_config.eos_token_id, 3);
});

describe('parseBlipConfig refuses what cannot be built, naming file and field', () => {
  const bad: readonly [string, unknown, RegExp][] = [
    ['another model', { model_type: 'blip-2' }, /c\.json: model_type is "blip-2"/],
    ['no object', [], /c\.json/],
    ['text_config no object', { text_config: 3 }, /text_config is 3/],
    ['no layers', { text_config: { num_hidden_layers: 0 } }, /text_config\.num_hidden_layers is 0/],
    ['half a head', { vision_config: { num_attention_heads: 1.5 } }, /vision_config\.num_attention_heads is 1\.5/],
    [
      'heads do not divide',
      { vision_config: { num_attention_heads: 7 } },
      /vision_config\.num_attention_heads is 7, expected a divisor of hidden_size \(768\)/,
    ],
    ['size as text', { vision_config: { image_size: '384' } }, /vision_config\.image_size is "384"/],
    ['patch larger than image', { vision_config: { image_size: 8 } }, /vision_config\.patch_size is 16/],
    [
      'activation',
      { text_config: { hidden_act: 'prelu' } },
      /text_config\.hidden_act is "prelu", expected one of gelu/,
    ],
    ['epsilon', { text_config: { layer_norm_eps: -1 } }, /text_config\.layer_norm_eps is -1/],
    [
      'ties',
      { text_config: { tie_word_embeddings: 'no' } },
      /text_config\.tie_word_embeddings is "no", expected true or false/,
    ],
    ['too many layers', { text_config: { num_hidden_layers: 100_000 } }, /num_hidden_layers is 100000, expected.*1000/],
    ['a wide layer', { vision_config: { hidden_size: 2 ** 40 } }, /hidden_size is 1099511627776, expected.*65536/],
    ['a large image', { vision_config: { image_size: 1e9 } }, /image_size is 1000000000, expected.*16384/],
    ['a long text for a number', { text_config: { vocab_size: 'x'.repeat(1e6) } }, /^.{1,300}$/],
    ['nested lists for an object', { vision_config: [[[[[[[]]]]]]] }, /vision_config is \[\[\[/],
    ['end tokens', { text_config: { eos_token_id: [3, 'x'] } }, /text_config\.eos_token_id is \[3,.*or a list/],
    ['no end token', { text_config: { eos_token_id: [] } }, /text_config\.eos_token_id is \[\]/],
    ['token', { text_config: { bos_token_id: -5 } }, /text_config\.bos_token_id is -5/],
  ];
  for (const [name, json, message] of bad) {
    it(name, () =>
      assert.throws(
        () => parseBlipConfig(json, 'c.json'),
        (error: unknown) => error instanceof BlipConfigError && message.test(error.message),
      ),
    );
  }
});

it('passes over architectures that are no names', () => {
  const architectures: unknown = JSON.parse('["BlipForQuestionAnswering", {"toString": 3}, null, 5]');
  assert.deepEqual(parseBlipConfig({ architectures }, 'c.json').architectures, ['BlipForQuestionAnswering']);
});
