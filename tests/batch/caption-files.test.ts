// captionFolder on the bundled model, captions beside their images: what is written, what is done again and what is
// not.
import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import * as path from 'node:path';
import { before, describe, test } from 'node:test';
import { captionFolder } from '../../lib';
import { DEMO, PICTURES, base, counts, expected, photos, read } from './caption-fixture';

before(() => assert.equal(expected['demo.jpg'].caption, DEMO.trim()));

describe('captions beside their images', () => {
  test('are those of single images; a second call does nothing; a new image is done', async () => {
    const folder = photos('demo.jpg', 'park-day-cat.jpg', 'snow-night-cat.jpg');
    assert.deepEqual(counts(await captionFolder(folder, base)), [3, 0, 0, 0]);
    for (const name of ['demo', 'park-day-cat', 'snow-night-cat'])
      assert.equal(read(folder, `${name}.txt`), `${expected[`${name}.jpg`].caption}\n`);
    assert.deepEqual(counts(await captionFolder(folder, base)), [0, 3, 0, 0]);
    fs.copyFileSync(path.join(PICTURES, 'street-day-bird.jpg'), path.join(folder, 'new.jpg'));
    assert.deepEqual(counts(await captionFolder(folder, base)), [1, 3, 0, 0]);
    const left = fs.readdirSync(folder).filter((name) => !/\.(jpg|txt)$/.test(name));
    assert.deepEqual(left, ['.blip-captions.jsonl']);
  });

  test('are done again when image, options or caption file changed, not when only a time did', async () => {
    const folder = photos('demo.jpg', 'park-day-cat.jpg');
    await captionFolder(folder, base);
    fs.utimesSync(path.join(folder, 'demo.jpg'), new Date(), new Date());
    assert.deepEqual(counts(await captionFolder(folder, base)), [0, 2, 0, 0]);
    fs.copyFileSync(path.join(PICTURES, 'street-day-bird.jpg'), path.join(folder, 'demo.jpg'));
    assert.deepEqual(counts(await captionFolder(folder, base)), [1, 1, 0, 0]);
    assert.equal(read(folder, 'demo.txt'), `${expected['street-day-bird.jpg'].caption}\n`);
    assert.deepEqual(counts(await captionFolder(folder, { ...base, generation: { max_new_tokens: 3 } })), [2, 0, 0, 0]);
    fs.rmSync(path.join(folder, 'demo.txt'));
    assert.deepEqual(counts(await captionFolder(folder, { ...base, generation: { max_new_tokens: 3 } })), [1, 1, 0, 0]);
  });

  test('of somebody else, and those that somebody changed, are left; overwrite replaces them', async () => {
    const folder = photos('demo.jpg', 'park-day-cat.jpg');
    fs.writeFileSync(path.join(folder, 'demo.txt'), 'mine');
    assert.deepEqual(counts(await captionFolder(folder, base)), [1, 0, 1, 0]);
    fs.writeFileSync(path.join(folder, 'park-day-cat.txt'), 'corrected by hand');
    assert.deepEqual(counts(await captionFolder(folder, base)), [0, 0, 2, 0]);
    assert.deepEqual([read(folder, 'demo.txt'), read(folder, 'park-day-cat.txt')], ['mine', 'corrected by hand']);
    assert.deepEqual(counts(await captionFolder(folder, { ...base, overwrite: true })), [2, 0, 0, 0]);
    assert.equal(read(folder, 'demo.txt'), DEMO);
    assert.deepEqual(counts(await captionFolder(folder, { ...base, overwrite: true })), [0, 2, 0, 0]);
  });

  test('append adds once, prefix and suffix stand around, the extension is chosen', async () => {
    const folder = photos('demo.jpg');
    fs.writeFileSync(path.join(folder, 'demo.caption'), 'photo of rex\n');
    const options = { ...base, append: true, prefix: '<', suffix: '>', caption_extension: 'caption' };
    await captionFolder(folder, options);
    assert.equal(read(folder, 'demo.caption'), `photo of rex, <${DEMO.trim()}>\n`);
    assert.deepEqual(counts(await captionFolder(folder, options)), [0, 1, 0, 0]);
    fs.rmSync(path.join(folder, '.blip-captions.jsonl')); // as if the journal's line had not been written
    await captionFolder(folder, options);
    assert.equal(read(folder, 'demo.caption'), `photo of rex, <${DEMO.trim()}>\n`);
  });

  test('two images of one stem: the second is told, neither is mixed up', async () => {
    const folder = photos('demo.jpg');
    fs.copyFileSync(path.join(PICTURES, 'park-day-cat.jpg'), path.join(folder, 'demo.jpeg'));
    const { done, failures } = await captionFolder(folder, base);
    assert.equal(done, 1);
    assert.match(failures[0].reason, /demo\.txt is the caption file of demo\.jpeg, too.*--output/);
    assert.equal(read(folder, 'demo.txt'), `${expected['park-day-cat.jpg'].caption}\n`);
  });
});
