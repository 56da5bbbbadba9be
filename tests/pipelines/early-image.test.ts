// The image that a program begins with: encoded while the rest is loaded, with the results and the errors that it has
// without.
import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { loadCheckpoint } from '../../lib/checkpoint';
import { convertBlip } from '../../lib/convert';
import { pipeline } from '../../lib/pipelines';
import { loadPipeline } from '../../lib/pipelines/load-pipeline';
import { ImageError } from '../../lib/preprocessing';
import { projectRoot } from '../project-root';

const pictures = path.join(projectRoot(), 'data', 'pictures');
const [first, other] = ['demo.jpg', 'street-day-bird.jpg'].map((name) => path.join(pictures, name));
const work = fs.mkdtempSync(path.join(os.tmpdir(), 'blip-early-'));
const model = path.join(work, 'model');
const QUESTION = 'is it day or night?';

before(async () => {
  const checkpoint = await loadCheckpoint(path.join(projectRoot(), 'models', 'blip-scenes'));
  await convertBlip(checkpoint, model);
  checkpoint.close();
});
after(() => fs.rmSync(work, { recursive: true, force: true }));

describe('the first image of a program', () => {
  it('gets the caption that it gets alone, at each call, and so do others', async () => {
    const [plain, early] = [
      await pipeline('image-to-text', model),
      await loadPipeline('image-to-text', model, {}, first),
    ];
    for (const image of [first, other, first]) assert.deepEqual(await early(image), await plain(image));
    const later = await loadPipeline('image-to-text', model, {}, first);
    assert.deepEqual(await later(other), await plain(other));
    assert.deepEqual(await later(first, { prompt: 'two gray' }), await plain(first, { prompt: 'two gray' }));
    for (const each of [plain, early, later]) each.dispose();
  });

  it('gets the answers that it gets alone', async () => {
    const task = 'visual-question-answering';
    const [plain, early] = [await pipeline(task, model), await loadPipeline(task, model, {}, first)];
    for (const image of [first, other, first])
      assert.deepEqual(await early(image, QUESTION), await plain(image, QUESTION));
    for (const each of [plain, early]) each.dispose();
  });

  it('is what the call is told of where it cannot be read; the model serves others', async () => {
    const missing = path.join(work, 'missing.jpg');
    const captioner = await loadPipeline('image-to-text', model, {}, missing);
    for (let call = 0; call < 2; call++)
      await assert.rejects(captioner(missing), (error: unknown) => {
        assert.ok(error instanceof ImageError && error.message.includes('missing.jpg'), String(error));
        return true;
      });
    assert.equal((await captioner(first)).length, 1);
    captioner.dispose();
  });

  it('hurts nobody where it is never asked for, or the model cannot be loaded', async () => {
    const unhandled: unknown[] = [];
    const note = (reason: unknown): void => void unhandled.push(reason);
    process.on('unhandledRejection', note);
    const unused = await loadPipeline('image-to-text', model, {}, path.join(work, 'missing.jpg'));
    unused.dispose();
    const broken = path.join(work, 'broken');
    fs.cpSync(model, broken, { recursive: true });
    fs.rmSync(path.join(broken, 'blip_manifest.json'));
    fs.writeFileSync(path.join(broken, 'blip_text_decoder.xml'), '<net/>');
    await assert.rejects(loadPipeline('image-to-text', broken, {}, first));
    await new Promise((resolve) => setTimeout(resolve, 200));
    process.off('unhandledRejection', note);
    assert.deepEqual(unhandled, []);
  });
});
