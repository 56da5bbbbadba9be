// index, search and match --cosine on the reduced copy of a published checkpoint: what is printed where, exit statuses.
import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import * as path from 'node:path';
import { before, describe, it } from 'node:test';
import { convert, CHECKPOINT } from '../search/retrieval-fixture';
import { runCli, temporaryFolder } from './run-cli';

const PICTURES = path.resolve('data', 'pictures');
const work = temporaryFolder();
const photos = path.join(work, 'photos');
const { texts, match, cosine } = JSON.parse(fs.readFileSync(path.join(CHECKPOINT, 'expected.json'), 'utf8'));
const env = { BLIP_CACHE: path.join(work, 'cache'), BLIP_MODEL: path.join(work, 'model') };
const exact = ['--property', 'INFERENCE_PRECISION_HINT=f32'];

before(async () => {
  await convert(CHECKPOINT, env.BLIP_MODEL);
  fs.mkdirSync(photos);
  for (const name of ['demo.jpg', 'park-day-cat.jpg', 'snow-night-cat.jpg'])
    fs.copyFileSync(path.join(PICTURES, name), path.join(photos, name));
});

describe('index and search', () => {
  it('index says what it did, and what it skipped', async () => {
    fs.writeFileSync(path.join(photos, 'bad\u001b[2J.png'), 'no image');
    const first = await runCli(['index', ...exact, 'photos'], { env, cwd: work });
    assert.deepEqual(
      [first.status, first.stdout],
      [1, '3 images: 3 added, 0 changed, 0 renamed, 0 removed, 0 unchanged, 1 skipped\n'],
    );
    assert.match(first.stderr, /skipped bad.*png: /);
    assert.ok(!first.stderr.includes('\u001b[2J'));
    fs.rmSync(path.join(photos, 'bad\u001b[2J.png'));
    const { status, stdout } = await runCli(['index', '--json', 'photos'], { env, cwd: work });
    assert.equal(status, 0);
    const { index, images, unchanged, skipped } = JSON.parse(stdout);
    assert.deepEqual([index, images, unchanged, skipped], [path.join('photos', '.blip-index'), 3, 3, []]);
  });

  it('search prints probability, cosine and image, the best first', async () => {
    const { status, stdout } = await runCli(['search', ...exact, '--rerank', '2', 'photos', texts[0]], {
      env,
      cwd: work,
    });
    const rows = stdout
      .trim()
      .split('\n')
      .map((line) => line.split('\t'));
    assert.equal(status, 0);
    assert.deepEqual(
      rows.map(([probability]) => /^0\.\d{4}$/.test(probability)),
      [true, true, false],
    );
    assert.equal(rows[2][0], '-');
    const demo = rows.find(([, , name]) => name === path.join('photos', 'demo.jpg')) ?? assert.fail(stdout);
    assert.equal(demo[1], cosine[0].toFixed(4));
  });

  it('the other direction: texts from standard input for an image, as JSON', async () => {
    const args = ['search', ...exact, '--json', '--image', path.join(photos, 'demo.jpg'), '--texts-from', '-'];
    const { status, stdout } = await runCli(args, { env, cwd: work, input: `${texts.join('\r\n')}\n\n` });
    assert.equal(status, 0);
    const hits: { text: string; match: number; cosine: number }[] = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    assert.equal(hits.length, texts.length);
    for (const hit of hits) {
      const i = texts.indexOf(hit.text);
      assert.ok(Math.abs(hit.match - match[i]) < 1e-4 && Math.abs(hit.cosine - cosine[i]) < 1e-4, JSON.stringify(hit));
    }
  });

  it('match --cosine', async () => {
    const args = ['match', ...exact, '--cosine', '--text', texts[1], path.join(photos, 'demo.jpg')];
    const { status, stdout } = await runCli(args, { env });
    assert.deepEqual([status, stdout], [0, `${cosine[1].toFixed(4)}\t${texts[1]}\n`]);
  });

  it('wrong usage is told before any model is loaded', async () => {
    const wrong: readonly (readonly [string[], RegExp])[] = [
      [['search', 'photos'], /needs a folder and a text/],
      [['search', 'photos', ' '], /text is empty/],
      [['search', '--image', 'a.jpg'], /--image needs --texts-from/],
      [['search', '--image', 'a.jpg', '--texts-from', 'absent.txt'], /absent\.txt: no such file/],
      [['search', '--image', 'a.jpg', '--texts-from', '-', 'photos'], /there is no folder/],
      [['search', '--top-k', '0', 'photos', 'a dog'], /--top-k is "0"/],
      [['index'], /needs a folder/],
    ];
    for (const [args, message] of wrong) {
      const { status, stderr } = await runCli(args, { env, cwd: work, input: '' });
      assert.equal(status, 2, stderr);
      assert.match(stderr, message);
    }
    const { status, stderr } = await runCli(['index', 'absent'], { env, cwd: work });
    assert.equal(status, 1);
    assert.match(stderr, /absent: no such folder/);
  });
});
