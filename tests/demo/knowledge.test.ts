// What the page tells beside an answer: its probability, words that the model never saw, other texts, a second model's
// answer, where it looked, and which example fits a text. Compared with what the model itself returns.
import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { startDemo, type Demo } from '../../lib/demo';
import { labelOf } from '../../lib/demo/ask-model';
import { OVBlipMatcher, OVBlipModel } from '../../lib/generation';
import { BlipProcessor } from '../../lib/preprocessing';
import { traceAnswer } from '../../lib/pipelines';
import { projectRoot } from '../project-root';
import { writeNoted, writePlain, writeRetrieval } from './write-models';

const PICTURES = path.join(projectRoot(), 'data', 'pictures');
const FILES = ['demo.jpg', 'park-day-cat.jpg', 'snow-day-snowman.jpg'].map((name) => path.join(PICTURES, name));
const QUESTION = 'how many dogs are in the picture?';
const SCORE = 0.9;

it('names a model by its folder, without what says nothing of its weights', () => {
  const label = (folder: string): string => labelOf({ folder });
  assert.equal(label('output/blip-scenes/fp16-attentions'), 'fp16');
  assert.equal(label('blip-scenes/int8/'), 'int8');
  assert.equal(label('cache/fp16-attentions-0123abcd-89abcdef01'), 'fp16');
  assert.equal(label('-attentions'), '-attentions');
});

describe('the demo of a model that knows itself', () => {
  const work = fs.mkdtempSync(path.join(os.tmpdir(), 'demo-knowledge-'));
  const image = fs.readFileSync(FILES[0]);
  let [noted, plain]: OVBlipModel[] = [];
  let matcher: OVBlipMatcher;
  let processor: BlipProcessor;
  let [demo, bare]: Demo[] = [];

  before(async () => {
    [noted, plain] = [
      await OVBlipModel.load(await writeNoted(work, SCORE)),
      await OVBlipModel.load(await writePlain(work)),
    ];
    matcher = await OVBlipMatcher.load(await writeRetrieval(work));
    processor = await BlipProcessor.fromCheckpoint(noted.folder);
    const examples = FILES.map((file) => ({ image: file }));
    demo = await startDemo(noted, processor, { examples, compare: plain, matcher });
    bare = await startDemo(plain, await BlipProcessor.fromCheckpoint(plain.folder), { examples });
  });
  after(async () => {
    await demo.close();
    await bare.close();
    for (const model of [noted, plain, matcher]) model.dispose();
    fs.rmSync(work, { recursive: true, force: true });
  });

  async function ask(query: Record<string, string>, to = demo, status = 200): Promise<Record<string, unknown>> {
    const response = await fetch(to.endpoint('answer', query), { method: 'POST', body: new Uint8Array(image) });
    const json: Record<string, unknown> = Object(await response.json());
    assert.equal(response.status, status, JSON.stringify(json));
    return json;
  }

  it('tells what it was trained on, and nothing of that without notes', async () => {
    const about: Record<string, unknown> = Object(await (await fetch(demo.endpoint('about'))).json());
    assert.equal(about.trained_on, 'Trained on drawn scenes; photos are beyond it.');
    assert.deepEqual(about.reliable_from, { score: SCORE, correct: 0.95 });
    assert.deepEqual([about.attention, about.compare, about.search], [true, 'fp16', true]);
    const none: Record<string, unknown> = Object(await (await fetch(bare.endpoint('about'))).json());
    assert.ok(!('trained_on' in none) && !('reliable_from' in none) && !('compare' in none));
    const answer = await ask({ question: 'is the axolotl next to a dog?' }, bare);
    for (const name of ['probability', 'unsure', 'unknown_words', 'texts', 'attention', 'compared'])
      assert.ok(!(name in answer), name);
  });

  it('gives the probability of the answer, and says when it is low', async () => {
    const image_embeds = await noted.encodeImage({ pixel_values: await processor.image(FILES[0]) });
    const found = new Set<unknown>();
    for (const question of [QUESTION, 'what is the weather like?', 'two or three?', 'which side is the bird on?']) {
      const { probabilities = [] } = await noted.generateAnswer(
        { image_embeds, ...processor.text(question) },
        { return_dict_in_generate: true, output_probabilities: true },
      );
      const answer = await ask({ question });
      assert.ok(Math.abs(Number(answer.probability) - probabilities[0]) < 1e-6, question);
      assert.equal(answer.unsure, probabilities[0] < SCORE, question);
      found.add(answer.unsure);
    }
    assert.equal(found.size, 2, 'one is sure, one is not');
    const caption = await ask({ question: '' });
    assert.ok(Number(caption.probability) > 0 && !('unsure' in caption), 'the limit is of answers');
  });

  it('names words that the model never saw', async () => {
    assert.deepEqual((await ask({ question: 'is the Axolotl next to a dog?' })).unknown_words, ['Axolotl']);
    assert.ok(!('unknown_words' in (await ask({ question: QUESTION }))));
  });

  it('ranks several texts', async () => {
    for (const question of [QUESTION, '']) {
      const { text, texts } = await ask({ question, texts: '3' });
      assert.ok(Array.isArray(texts) && texts.length === 3);
      assert.equal(texts[0].text, text);
      assert.equal(new Set(texts.map((each) => each.text)).size, 3);
      assert.ok(texts.every(({ probability }) => probability > 0 && probability <= 1));
    }
    for (const texts of ['0', '6', '-1', '1.5', 'NaN', '', '99999999999'])
      assert.match(String((await ask({ question: '', texts }, demo, 400)).error), /expected 1 to 5/);
  });

  it('ranks given answers', async () => {
    const candidates = ['1', '2', 'green', 'on the beach'];
    const query = [...candidates, '2'].map((each) => `&candidate=${each}`).join('');
    const response = await fetch(`${demo.endpoint('answer', { question: QUESTION })}${query}`, {
      method: 'POST',
      body: new Uint8Array(image),
    });
    const { text, texts, ...rest } = Object(await response.json());
    const image_embeds = await noted.encodeImage({ pixel_values: await processor.image(FILES[0]) });
    const inputs = { image_embeds, ...processor.text(QUESTION) };
    const [expected] = await noted.rankAnswers(inputs, processor.text(candidates), { num_ans_candidates: 4 });
    assert.equal(text, '2');
    assert.deepEqual(
      texts.map((each: { text: string }) => each.text),
      expected.map(({ index }) => candidates[index]),
    );
    texts.forEach(({ probability }: { probability: number }, i: number) =>
      assert.ok(Math.abs(probability - expected[i].score) < 1e-6),
    );
    assert.ok(!('unsure' in rest) && !('probability' in rest), 'a share is no probability of the model');
    assert.match(String((await ask({ question: '', candidate: 'a' }, demo, 400)).error), /question is missing/);
    assert.match(
      String((await ask({ question: QUESTION, candidate: 'dog '.repeat(99) }, demo, 400)).error),
      /too long/,
    );
  });

  it('lets a second model answer, both from the image file on', async () => {
    await ask({ question: QUESTION });
    const { label, stages, compared } = await ask({ question: QUESTION, compare: '1' });
    assert.deepEqual([label, Object(compared).label, Object(compared).text], ['traced', 'fp16', '2']);
    for (const times of [Object(stages), Object(Object(compared).stages)])
      assert.ok(times.preprocess > 0 && times.vision > 0);
    assert.match(String((await ask({ question: '', compare: '1' }, bare, 400)).error), /no second model/);
    assert.match(String((await ask({ question: '', compare: 'yes' }, demo, 400)).error), /expected 1 or 0/);
  });

  it('tells where it looked for each word, of a caption and of an answer', async () => {
    const { attention } = await ask({ question: QUESTION, attention: '1' });
    const image_embeds = await noted.encodeImage({ pixel_values: await processor.image(FILES[0]) });
    const expected = await traceAnswer(noted, processor, { image_embeds, question: QUESTION });
    const tokens: { token: string; rows: number; columns: number; data: number[] }[] = Object(attention).question;
    assert.deepEqual(
      tokens.map(({ token }) => token),
      expected.question.map(({ token }) => token),
    );
    tokens.forEach(({ rows, columns, data }, i) => {
      assert.deepEqual([rows, columns, data.length], [8, 8, 64]);
      data.forEach((value, at) => assert.ok(Math.abs(value - expected.question[i].attention.data[at]) < 1e-5));
    });
    const caption = Object((await ask({ question: '', attention: '1' })).attention);
    assert.deepEqual(caption.question, []);
    assert.equal(
      caption.text
        .slice(0, 3)
        .map((each: { token: string }) => each.token)
        .join(' '),
      'two gray dogs',
    );
    assert.match(String((await ask({ question: '', attention: '1' }, bare, 400)).error), /output_attentions/);
  });

  it('searches the examples', async () => {
    const search = async (text: string): Promise<Response> => fetch(demo.endpoint('search', { text }));
    const own = await BlipProcessor.fromCheckpoint(matcher.folder);
    const text = 'a cat in the park';
    const { found }: { found: { example: number; probability: number }[] } = Object(await (await search(text)).json());
    assert.equal(found.length, FILES.length);
    for (const { example, probability } of found) {
      const [expected] = await matcher.match({ pixel_values: await own.image(FILES[example]), ...own.text(text) });
      assert.ok(Math.abs(probability - expected) < 1e-5);
    }
    assert.deepEqual(
      found,
      [...found].sort((a, b) => b.probability - a.probability),
    );
    assert.equal((await search('  ')).status, 400);
    assert.match(Object(await (await search('dog '.repeat(99))).json()).error, /101 tokens/);
    assert.equal((await fetch(bare.endpoint('search', { text }))).status, 404);
    assert.equal((await fetch(`http://127.0.0.1:${demo.port}/search?text=a`)).status, 401);
  });
});
