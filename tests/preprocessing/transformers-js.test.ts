// Token ids beside those of transformers.js, which notebooks show as the reference: equal on the bundled model and on
// plain texts.
import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import * as path from 'node:path';
import { test } from 'node:test';
import { AutoTokenizer, env } from '@xenova/transformers';
import { BlipTokenizer } from '../../lib/preprocessing';

const ROOT = path.join(__dirname, '..', '..');
const UNLIMITED = 1e6;

test('AutoTokenizer gives the same ids on the bundled model', async () => {
  env.allowRemoteModels = false;
  env.localModelPath = path.join(ROOT, 'models');
  const reference = await AutoTokenizer.from_pretrained('blip-scenes');
  const own = new BlipTokenizer(path.join(ROOT, 'models', 'blip-scenes'));
  const pictures: unknown = JSON.parse(fs.readFileSync(path.join(ROOT, 'data', 'pictures', 'pictures.json'), 'utf8'));
  const questions = [...new Set(JSON.stringify(pictures).match(/"question":"[^"]+"/g) ?? [])].map((found) =>
    found.slice(12, -1),
  );
  const texts = [
    'how many dogs are there?',
    'What COLOR is the Umbrella?',
    'a picture of',
    '[DEC]a dog[SEP]',
    'zork!',
    ...questions,
  ];
  assert.ok(texts.length > 20, `${texts.length} texts`);
  for (const text of texts) {
    const ids = Array.from(own.encode([text], UNLIMITED, assert.fail).input_ids, Number);
    assert.deepEqual(ids, reference.encode(text), text);
    assert.equal(own.decode(ids), reference.decode(ids, { skip_special_tokens: true }), text);
  }
});

test('the library itself does not import it', () => {
  const files = fs.readdirSync(path.join(ROOT, 'lib'), { recursive: true, encoding: 'utf8' });
  const sources = files.filter((name) => name.endsWith('.ts'));
  assert.ok(sources.length > 80);
  for (const name of sources)
    assert.doesNotMatch(
      fs.readFileSync(path.join(ROOT, 'lib', name), 'utf8'),
      /(?:from|import|require)\W+@?(?:xenova|huggingface)\/transformers/,
      name,
    );
});
