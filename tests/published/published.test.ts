// Salesforce's eight checkpoints: their own side files and form of weights, small, against PyTorch
// (fixtures/make_published.py). Loaded, converted and run by the same calls as the published ones; computed in f32, as
// PyTorch does.
import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { after, describe, it } from 'node:test';
import { BlipProcessor, convertBlip, loadCheckpoint, OVBlipMatcher, OVBlipModel } from '../../lib';
import { projectRoot } from '../project-root';

const FIXTURES = path.join(__dirname, '..', 'fixtures', 'published');
const PICTURE = path.join(projectRoot(), 'data', 'pictures', 'demo.jpg');
const PROPERTIES = { INFERENCE_PRECISION_HINT: 'f32', KV_CACHE_PRECISION: 'f32' };
const TOKENS = { max_new_tokens: 10 };
/** Probabilities of two classes, through some layers in f32. */
const TOLERANCE = 1e-4;
const work = fs.mkdtempSync(path.join(os.tmpdir(), 'blip-published-'));
after(() => fs.rmSync(work, { recursive: true, force: true }));

interface Captioned {
  readonly caption_ids: number[];
  readonly caption: string;
  readonly prompt: string;
  readonly prompted_ids: number[];
  readonly prompted: string;
}
interface Answered {
  readonly question: string;
  readonly input_ids: number[];
  readonly answer_ids: number[];
  readonly answer: string;
}
interface Matched {
  readonly texts: string[];
  readonly match: number[];
  readonly cosine: number[];
}

for (const name of fs.readdirSync(FIXTURES).sort())
  describe(name, () => {
    const expected = JSON.parse(fs.readFileSync(path.join(FIXTURES, name, 'expected.json'), 'utf8'));
    const folder = path.join(work, name);

    it('is converted from the files that stand on its main branch', async () => {
      const checkpoint = await loadCheckpoint(path.join(FIXTURES, name));
      try {
        await convertBlip(checkpoint, folder, { compress_to_fp16: false });
      } finally {
        checkpoint.close();
      }
      assert.ok(fs.existsSync(path.join(folder, 'blip_vision_model.xml')));
    });

    if (name.includes('itm')) it('matches texts as PyTorch does', () => checkMatching(folder, expected));
    else if (name.includes('vqa')) it('answers as PyTorch does', () => checkAnswer(folder, expected));
    else it('writes captions as PyTorch does, with and without a prompt', () => checkCaptions(folder, expected));
  });

async function checkCaptions(folder: string, expected: Captioned): Promise<void> {
  const model = await OVBlipModel.load(folder, { properties: PROPERTIES });
  const processor = await BlipProcessor.fromCheckpoint(folder);
  const pixel_values = await processor.image(PICTURE);
  const [caption] = await model.generateCaption({ pixel_values }, TOKENS);
  const [prompted] = await model.generateCaption({ pixel_values, ...processor.text(expected.prompt) }, TOKENS);
  model.dispose();
  assert.deepEqual([caption, prompted], [expected.caption_ids, expected.prompted_ids]);
  assert.deepEqual([processor.decode(caption), processor.decode(prompted)], [expected.caption, expected.prompted]);
}

async function checkAnswer(folder: string, expected: Answered): Promise<void> {
  const model = await OVBlipModel.load(folder, { properties: PROPERTIES });
  const processor = await BlipProcessor.fromCheckpoint(folder);
  const question = processor.text(expected.question);
  assert.deepEqual([...question.input_ids].map(Number), expected.input_ids);
  const [answer] = await model.generateAnswer({ pixel_values: await processor.image(PICTURE), ...question }, TOKENS);
  model.dispose();
  assert.deepEqual(answer, expected.answer_ids);
  assert.equal(processor.decode(answer), expected.answer);
}

async function checkMatching(folder: string, expected: Matched): Promise<void> {
  const matcher = await OVBlipMatcher.load(folder, { properties: PROPERTIES });
  const processor = await BlipProcessor.fromCheckpoint(folder);
  const pixel_values = await processor.image(PICTURE);
  for (const [i, text] of expected.texts.entries()) {
    const [score] = await matcher.match({ pixel_values, ...processor.text(text) });
    assert.ok(Math.abs(score - expected.match[i]) < TOLERANCE, `${text}: ${score}, expected ${expected.match[i]}`);
  }
  // All texts in one padded batch
  const cosines = await matcher.cosineSimilarity({ pixel_values, ...processor.text(expected.texts) });
  for (const [i, cosine] of cosines.entries())
    assert.ok(
      Math.abs(cosine - expected.cosine[i]) < TOLERANCE,
      `${expected.texts[i]}: cosine ${cosine}, expected ${expected.cosine[i]}`,
    );
  matcher.dispose();
}
