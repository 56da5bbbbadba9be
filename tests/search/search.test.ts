// Both directions of the search against BLIP's own evaluation, computed in PyTorch (fixtures/make_retrieval.py).
// Tolerance: 1e-3 on scores (logits and cosines up to 3, f32 through the whole model); the differences seen are below
// 1e-5. Both sides decode JPEG alike.
import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import * as path from 'node:path';
import { after, before, describe, it } from 'node:test';
import {
  indexImages,
  indexTexts,
  RetrievalModel,
  searchImages,
  searchTexts,
  type ImageIndex,
  type TextIndex,
} from '../../lib';
import { projectRoot } from '../project-root';
import { CHECKPOINT, convert, loadRetrieval, workFolder, writeImage } from './retrieval-fixture';

const TOLERANCE = 1e-3;
const work = workFolder();
const photos = path.join(work, 'photos');
const expected: {
  pictures: string[];
  texts: string[];
  k: number;
  sims: number[][];
  i2t: number[][];
  t2i: number[][];
} = JSON.parse(fs.readFileSync(path.join(__dirname, '..', 'fixtures', 'search', 'expected.json'), 'utf8'));
let model: RetrievalModel;
let index: ImageIndex;
let texts: TextIndex;

before(async () => {
  fs.mkdirSync(photos);
  for (const name of expected.pictures)
    fs.copyFileSync(path.join(projectRoot(), 'data', 'pictures', name), path.join(photos, name));
  model = await loadRetrieval(CHECKPOINT, path.join(work, 'model'));
  index = await indexImages(photos, model);
  texts = await indexTexts(expected.texts, model);
});
after(() => model.dispose());

/** What the evaluation puts first: its scores above -100, the highest first. */
function ranking(scores: readonly number[]): { place: number; score: number }[] {
  return scores
    .map((score, place) => ({ place, score }))
    .filter(({ score }) => score > -100)
    .sort((a, b) => b.score - a.score);
}

function assertScores(
  got: readonly { score: number; cosine: number; match?: number }[],
  wanted: readonly number[],
): void {
  assert.equal(got.length, wanted.length);
  for (const [i, { score, cosine, match }] of got.entries()) {
    assert.ok(Math.abs(score - wanted[i]) < TOLERANCE, `${score} instead of ${wanted[i]}`);
    assert.ok(Math.abs(cosine) <= 1 && match !== undefined && match > 0 && match < 1, `${cosine}, ${match}`);
  }
}

describe('retrieval as in the paper', () => {
  it('images of each text', async () => {
    for (const [i, text] of expected.texts.entries()) {
      const hits = await searchImages(index, text, { top_k: expected.k, rerank: expected.k });
      const wanted = ranking(expected.t2i[i]);
      assert.deepEqual(
        hits.map(({ image }) => path.basename(image)),
        wanted.map(({ place }) => expected.pictures[place]),
      );
      assertScores(
        hits,
        wanted.map(({ score }) => score),
      );
    }
  });

  it('texts of each image', async () => {
    for (const [i, name] of expected.pictures.entries()) {
      const hits = await searchTexts(texts, path.join(photos, name), { top_k: expected.k, rerank: expected.k });
      const wanted = ranking(expected.i2t[i]);
      assert.deepEqual(
        hits.map(({ text }) => text),
        wanted.map(({ place }) => expected.texts[place]),
      );
      assertScores(
        hits,
        wanted.map(({ score }) => score),
      );
    }
  });

  it('without the matching head, by cosine alone; and the rest behind those that it looked at', async () => {
    const column = expected.sims.map((row) => row[1]);
    const byCosine = await searchImages(index, expected.texts[1], { rerank: 0 });
    assert.deepEqual(
      byCosine.map(({ image }) => path.basename(image)),
      ranking(column).map(({ place }) => expected.pictures[place]),
    );
    for (const { score, cosine, match } of byCosine) assert.deepEqual([score, match], [cosine, undefined]);
    const mixed = await searchImages(index, expected.texts[1], { rerank: 2 });
    assert.deepEqual(
      mixed.map(({ match }) => match !== undefined),
      [true, true, false, false, false, false],
    );
    assert.deepEqual(mixed.slice(2), byCosine.slice(2));
    assert.equal((await searchTexts(texts, path.join(photos, 'demo.jpg'), { top_k: 2, rerank: 0 })).length, 2);
  });
});

describe('what cannot be searched', () => {
  it('options out of range, unknown ones, an empty text, an empty list', async () => {
    for (const options of [{ top_k: 0 }, { top_k: 1.5 }, { top_k: Number.NaN }, { rerank: -1 }, { top_k: 1e9 }])
      await assert.rejects(searchImages(index, 'a dog', options), {
        name: 'SearchError',
        message: /searchImages: (top_k|rerank) is .*, expected a whole number/,
      });
    await assert.rejects(Reflect.apply(searchTexts, undefined, [texts, 'x.jpg', { topk: 3 }]), {
      name: 'OptionsError',
    });
    await assert.rejects(searchImages(index, '  '), { name: 'SearchError', message: /text is empty/ });
    await assert.rejects(indexTexts([], model), { name: 'SearchError', message: /at least one text/ });
    await assert.rejects(Reflect.apply(searchImages, undefined, [{}, 'a dog']), { name: 'ArgumentError' });
    await assert.rejects(searchTexts(texts, path.join(work, 'absent.jpg')), { name: 'ImageError', message: /absent/ });
    await assert.rejects(searchImages(index, 'a dog', { signal: AbortSignal.abort(new Error('enough')) }), /enough/);
  });

  it('an image that is gone since: the others are found, and it is told', async () => {
    const folder = path.join(work, 'going');
    for (const seed of [1, 2, 3]) await writeImage(path.join(folder, `${seed}.png`), seed);
    const going = await indexImages(folder, model);
    fs.rmSync(path.join(folder, '2.png'));
    const warnings: string[] = [];
    const hits = await searchImages(going, 'a dog', { on_warning: (message) => warnings.push(message) });
    assert.deepEqual(hits.map(({ image }) => path.basename(image)).sort(), ['1.png', '3.png']);
    assert.equal(warnings.length, 1);
    assert.match(warnings[0], /2\.png: left out.*Index the folder again/);
  });

  it('a model for another task, and one without a matching head', async () => {
    await assert.rejects(RetrievalModel.fromPretrained(path.join(projectRoot(), 'models', 'blip-scenes')), {
      name: 'BlipModelError',
      message: /not a retrieval model/,
    });
    const headless = await convert(CHECKPOINT, path.join(work, 'headless'));
    for (const name of ['blip_text_encoder.xml', 'blip_text_encoder.bin', 'blip_manifest.json'])
      fs.rmSync(path.join(headless, name));
    const other = await RetrievalModel.fromPretrained(headless);
    const list = await indexTexts(['a dog', 'a cat'], other);
    const [hit] = await searchTexts(list, path.join(photos, 'demo.jpg'));
    assert.equal(hit.match, undefined);
    await assert.rejects(searchTexts(list, 'x.jpg', { rerank: 1 }), {
      name: 'SearchError',
      message: /no matching head/,
    });
    other.dispose();
  });
});
