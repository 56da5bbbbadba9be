// The bundled checkpoints, asked as people ask: equal to PyTorch's results (tests/fixtures/make_language.py), and
// right. Tolerance: 2e-3 on probabilities and cosines, computed in f32 from FP16 weights; images are decoded and
// resized by another library, which alone moves a score by up to 1e-3.
import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { pipeline, type ImageTextMatching, type ImageToText, type VisualQuestionAnswering } from '../../lib';
import { projectRoot } from '../project-root';

interface Written {
  readonly image: string;
  readonly text: string;
  readonly score: number;
}
interface Expected {
  readonly answers: readonly (Written & { readonly question: string })[];
  readonly captions: readonly (Written & { readonly prompt: string })[];
}

const TOLERANCE = 2e-3;
const EXPECTED: Expected = JSON.parse(fs.readFileSync(path.join(__dirname, '..', 'fixtures', 'language.json'), 'utf8'));
const MATCHES: readonly (Written & { readonly cosine: number })[] = JSON.parse(
  fs.readFileSync(path.join(__dirname, '..', 'fixtures', 'matching.json'), 'utf8'),
);
const picture = (name: string): string => path.join(projectRoot(), 'data', 'pictures', name);
const model = (name: string): string => path.join(projectRoot(), 'models', name);
const cache_dir = fs.mkdtempSync(path.join(os.tmpdir(), 'blip-language-'));
after(() => fs.rmSync(cache_dir, { recursive: true, force: true }));
const OPTIONS = { cache_dir, properties: { INFERENCE_PRECISION_HINT: 'f32', KV_CACHE_PRECISION: 'f32' } };

function assertClose(got: number, expected: number, what: string): void {
  assert.ok(Math.abs(got - expected) < TOLERANCE, `${what}: ${got} instead of ${expected}`);
}

describe('questions and captions', () => {
  let vqa: VisualQuestionAnswering;
  let captioner: ImageToText;
  before(async () => {
    vqa = await pipeline('visual-question-answering', model('blip-scenes'), OPTIONS);
    captioner = await pipeline('image-to-text', model('blip-scenes'), OPTIONS);
  });
  after(() => {
    vqa.dispose();
    captioner.dispose();
  });

  it("answers are PyTorch's, with their scores", async () => {
    assert.ok(EXPECTED.answers.length >= 72);
    for (const { image, question, text, score } of EXPECTED.answers) {
      const [got] = await vqa(picture(image), question, { max_new_tokens: 20 });
      assert.equal(got.answer, text, `${image}: ${question}`);
      assertClose(got.score, score, `${image}: ${question}`);
    }
  });

  it("captions are PyTorch's, with and without a prompt", async () => {
    for (const { image, prompt, text, score } of EXPECTED.captions) {
      const [got] = await captioner(picture(image), { prompt, max_new_tokens: 36 });
      assert.equal(got.generated_text, text, `${image}: ${prompt}`);
      assertClose(got.score, score, `${image}: ${prompt}`);
    }
  });

  it('questions in ordinary words get right answers, whatever the case and the spelling', async () => {
    const cases: readonly (readonly [string, string, string])[] = [
      ['demo.jpg', 'is this a beach?', 'yes'],
      ['demo.jpg', 'Is this a beach', 'yes'],
      ['park-day-cat.jpg', 'is this a beach?', 'no'],
      ['demo.jpg', 'what time of day is it?', 'day'],
      ['park-night-kite.jpg', 'WHAT TIME OF DAY IS IT?', 'night'],
      ['demo.jpg', 'what is the weather like?', 'sunny'],
      ['snow-night-cat.jpg', "what's the weather like", 'snowy'],
      ['demo.jpg', 'how many animals are there?', '3'],
      ['demo.jpg', 'dogs how many', '2'],
      ['demo.jpg', 'number of dogs', '2'],
      ['demo.jpg', 'What colour are the dogs?', 'gray'],
      ['demo.jpg', 'what color are the dogs?', 'gray'],
      ['demo.jpg', 'is there an elephant?', 'no'],
      ['demo.jpg', 'what is his name?', "i don't know"],
      ['demo.jpg', 'what’s his name?', "i don't know"],
      ['demo.jpg', 'what are the dogs doing?', 'playing'],
    ];
    for (const [image, question, expected] of cases) {
      const [{ answer, unknown_words }] = await vqa(picture(image), question);
      assert.equal(answer, expected, `${image}: ${question}`);
      assert.equal(unknown_words, undefined, question);
    }
  });

  it('words that the model never saw are named with the answer', async () => {
    const [{ unknown_words }] = await vqa(picture('demo.jpg'), 'Is there an Axolotl on the dogs?');
    assert.deepEqual(unknown_words, ['Axolotl']);
    const many = await vqa(picture('demo.jpg'), ['how many dogs?', 'is there a quokka?']);
    assert.deepEqual(
      many.map(([each]) => each.unknown_words),
      [undefined, ['quokka']],
    );
  });
});

describe('matching', () => {
  let matcher: ImageTextMatching;
  before(async () => {
    matcher = await pipeline('image-text-matching', model('blip-scenes-itm'), OPTIONS);
  });
  after(() => matcher.dispose());

  it("scores and cosines are PyTorch's", async () => {
    for (const { image, text, score, cosine } of MATCHES) {
      const [head] = await matcher(picture(image), text);
      assertClose(head.score, score, `${image}: ${text}`);
      const [angle] = await matcher(picture(image), text, { use_itm_head: false });
      assertClose(angle.score, cosine, `${image}: ${text}`);
    }
  });
});
