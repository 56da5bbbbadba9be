// captionFolder: what is there already is not lost, and one file that cannot be written holds up no other.
import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import * as path from 'node:path';
import { describe, test } from 'node:test';
import { captionFolder, embedFolder } from '../../lib';
import { base, counts, DEMO, photos, PICTURES, read, work } from './caption-fixture';

const isWindows = process.platform === 'win32';

describe('caption files', () => {
  test('of a run that was killed before it wrote them are written by the next', async () => {
    const folder = photos('demo.jpg');
    await captionFolder(folder, base);
    const short = { ...base, generation: { max_new_tokens: 3 } };
    await captionFolder(folder, short);
    const written = read(folder, 'demo.txt');
    assert.notEqual(written, DEMO);
    fs.writeFileSync(path.join(folder, 'demo.txt'), DEMO); // as if the journal were written, and the file not yet
    assert.deepEqual(counts(await captionFolder(folder, short)), [1, 0, 0, 0]);
    assert.equal(read(folder, 'demo.txt'), written);
    fs.writeFileSync(path.join(folder, 'demo.txt'), 'by hand');
    assert.deepEqual(counts(await captionFolder(folder, short)), [0, 0, 1, 0]);
  });

  test('beside names as long as they may be; those that get too long are told', { skip: isWindows }, async () => {
    const folder = photos('park-day-cat.jpg');
    const long = 'x'.repeat(251);
    fs.copyFileSync(path.join(PICTURES, 'demo.jpg'), path.join(folder, `${long}.jpg`));
    assert.deepEqual(counts(await captionFolder(folder, base)), [2, 0, 0, 0]);
    assert.equal(read(folder, `${long}.txt`), DEMO);
    const summary = await captionFolder(folder, { ...base, caption_extension: '.caption' });
    assert.deepEqual(counts(summary), [1, 0, 0, 1]);
    assert.match(summary.failures[0].reason, /caption file, cannot be written.*ENAMETOOLONG/s);
    assert.deepEqual(
      fs.readdirSync(folder).filter((name) => name.endsWith('.tmp')),
      [],
    );
  });

  test('in a folder that cannot be written to are told', { skip: isWindows || process.getuid?.() === 0 }, async () => {
    const folder = photos('demo.jpg');
    const closed = path.join(folder, 'closed');
    fs.mkdirSync(closed);
    fs.copyFileSync(path.join(PICTURES, 'demo.jpg'), path.join(closed, 'a.jpg'));
    fs.chmodSync(closed, 0o555);
    const summary = await captionFolder(folder, base);
    fs.chmodSync(closed, 0o755);
    assert.deepEqual(counts(summary), [1, 0, 0, 1]);
    assert.match(summary.failures[0].reason, /a\.txt, its caption file, cannot be written.*EACCES/);
  });
});

describe('a table of somebody else', () => {
  for (const name of ['other.csv', 'other.parquet'])
    test(`${name} is not replaced; one of this library is`, async () => {
      const output = path.join(work, name);
      fs.writeFileSync(output, 'mine');
      await assert.rejects(captionFolder(photos('demo.jpg'), { ...base, output }), {
        name: 'BatchError',
        message: /other\.(csv|parquet).*is there already.*move this file away/,
      });
      assert.equal(fs.readFileSync(output, 'utf8'), 'mine');
      fs.rmSync(output);
      const folder = photos();
      assert.deepEqual(counts(await captionFolder(folder, { ...base, output })), [0, 0, 0, 1]);
      fs.copyFileSync(path.join(PICTURES, 'demo.jpg'), path.join(folder, 'demo.jpg'));
      assert.deepEqual(counts(await captionFolder(folder, { ...base, output })), [1, 0, 0, 0]);
    });

  test('nor by features', async () => {
    const output = path.join(work, 'features-of-somebody.parquet');
    fs.writeFileSync(output, 'mine');
    await assert.rejects(embedFolder(photos('demo.jpg'), { model: 'models/blip-scenes-itm', output }), /already/);
  });
});

test('HEIC files are told, but for those beside their JPEG', async () => {
  const folder = photos('demo.jpg');
  const heic = Buffer.from('\0\0\0\x18ftypheic\0\0\0\0mif1heic', 'latin1');
  for (const name of ['DEMO.HEIC', 'other.heic']) fs.writeFileSync(path.join(folder, name), heic);
  fs.copyFileSync(path.join(PICTURES, 'demo.jpg'), path.join(folder, 'saved.jfif'));
  const summary = await captionFolder(folder, base);
  assert.deepEqual(counts(summary), [2, 0, 0, 1]);
  assert.match(`${summary.failures[0].name} ${summary.failures[0].reason}`, /other\.heic .*HEIC photo.*JPEG/);
});
