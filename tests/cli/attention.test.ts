// --attention of caption and ask: the PNG, the same text as without it, and arguments that it does not take.
import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { after, test } from 'node:test';
import sharp from 'sharp';
import { runCli } from './run-cli';

const IMAGE = 'data/pictures/demo.jpg';
const MODEL = ['--model', 'models/blip-scenes'];
const work = fs.mkdtempSync(path.join(os.tmpdir(), 'cli-attention-'));
after(() => fs.rmSync(work, { recursive: true, force: true }));
const env = { BLIP_CACHE: path.join(work, 'cache') };

test('caption and ask write a PNG beside the text that they print without it', async () => {
  for (const [command, ...args] of [['caption'], ['ask', '--question', 'how many dogs are there?']]) {
    const file = path.join(work, 'new folder', `${command}.png`);
    const plain = await runCli([command, ...MODEL, ...args, IMAGE], { env });
    const drawn = await runCli([command, ...MODEL, ...args, '--attention', file, '--layer', '0', IMAGE], { env });
    assert.equal(drawn.status, 0, drawn.stderr);
    assert.equal(drawn.stdout, plain.stdout);
    assert.ok(drawn.stderr.includes(file));
    const { format, width = 0 } = await sharp(file).metadata();
    assert.equal(format, 'png');
    assert.ok(width > 300);
  }
});

test('match writes a PNG for its text, beside the score that it prints without it', async () => {
  const args = ['match', '--model', 'models/blip-scenes-itm', '--text', 'two gray dogs', IMAGE];
  const file = path.join(work, 'match.png');
  const plain = await runCli(args, { env });
  const drawn = await runCli([...args, '--attention', file, '--layer', '0'], { env });
  assert.equal(drawn.status, 0, drawn.stderr);
  assert.equal(drawn.stdout.split('\t')[1], plain.stdout.split('\t')[1]);
  assert.ok(Math.abs(Number.parseFloat(drawn.stdout) - Number.parseFloat(plain.stdout)) < 0.01, drawn.stdout);
  assert.equal((await sharp(file).metadata()).format, 'png');
});

test('arguments that do not fit are refused before anything is loaded', async () => {
  const refused = async (args: readonly string[], part: RegExp): Promise<void> => {
    const { status, stderr } = await runCli([...args, ...MODEL], { env });
    assert.equal(status, 2, stderr);
    assert.match(stderr, part);
  };
  await refused(['caption', '--attention', 'words.jpg', IMAGE], /words\.jpg.*PNG/);
  await refused(['caption', '--attention', 'words.png', IMAGE, IMAGE], /one image/);
  await refused(['caption', '--attention', 'words.png', 'data/pictures'], /one image/);
  await refused(['caption', '--attention', 'words.png', '--scores', IMAGE], /leave out --scores/);
  await refused(['caption', '--layer', '1', IMAGE], /--layer .*--attention/);
  await refused(['match', '--text', 'a', '--text', 'b', '--attention', 'words.png', IMAGE], /one --text/);
  await refused(['match', '--text', 'a', '--cosine', '--attention', 'words.png', IMAGE], /leave out --cosine/);
  await refused(['ask', '--question', 'a', '--question', 'b', '--attention', 'words.png', IMAGE], /one --question/);
});

test('a layer that is not there, and a file that cannot be written, are named', async () => {
  const layer = await runCli(['caption', ...MODEL, '--attention', path.join(work, 'a.png'), '--layer', '9', IMAGE], {
    env,
  });
  assert.equal(layer.status, 1);
  assert.match(layer.stderr, /layer is 9, expected 0 to 2/);
  fs.writeFileSync(path.join(work, 'file'), '');
  const file = path.join(work, 'file', 'a.png');
  const written = await runCli(['caption', ...MODEL, '--attention', file, IMAGE], { env });
  assert.equal(written.status, 1);
  assert.ok(written.stderr.includes(file) && written.stderr.includes('could not be written'), written.stderr);
});
