// caption and ask with results in files: folders, processes that are killed or interrupted, shards at the same time.
import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import * as path from 'node:path';
import { describe, it } from 'node:test';
import { runCli, startCli, temporaryFolder, type CliOptions } from './run-cli';

const PICTURES = path.resolve('data', 'pictures');
const NAMES = fs.readdirSync(PICTURES).filter((name) => name.endsWith('.jpg'));
const work = temporaryFolder();
const env = { BLIP_CACHE: path.join(work, 'cache'), BLIP_MODEL: path.resolve('models', 'blip-scenes') };
const options: CliOptions = { env, cwd: work };

/** Many images that differ. */
function photos(name: string, count: number): string {
  const folder = path.join(work, name);
  fs.mkdirSync(folder);
  for (let i = 0; i < count; i++)
    fs.writeFileSync(
      path.join(folder, `${i}.jpg`),
      Buffer.concat([fs.readFileSync(path.join(PICTURES, NAMES[i % NAMES.length])), Buffer.from(`${i}`)]),
    );
  return folder;
}

function rows(file: string): { image: string; caption: string }[] {
  return fs
    .readFileSync(file, 'utf8')
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line));
}

/** Sends a signal when so many images are done. */
async function stopAfter(args: readonly string[], file: string, signal: NodeJS.Signals): Promise<[unknown, string]> {
  const child = startCli(args, options);
  let stderr = '';
  child.stderr?.on('data', (chunk) => (stderr += String(chunk)));
  const look = setInterval(() => {
    if (!fs.existsSync(file) || rows(file).length < 3) return;
    child.kill(signal);
    clearInterval(look); // a second interrupt would end it at once
  }, 5);
  const status = await new Promise((resolve) => child.on('close', (code, by) => resolve(by ?? code)));
  clearInterval(look);
  return [status, stderr];
}

describe('a folder', () => {
  it('gets its captions beside the images; failures are listed and make the status 1', async () => {
    const folder = photos('beside', 3);
    fs.writeFileSync(path.join(folder, 'broken.jpg'), 'no image');
    const first = await runCli(['caption', 'beside'], options);
    assert.deepEqual([first.status, first.stdout], [1, '']);
    assert.match(first.stderr, /skipped beside.broken\.jpg: .*text file/);
    assert.match(first.stderr, /beside: 3 images done in .* images\/s; \d+ streams?, 1 image in a batch\), 1 skipped/);
    for (let i = 0; i < 3; i++) assert.match(fs.readFileSync(path.join(folder, `${i}.txt`), 'utf8'), /^\w[\w ]+\n$/);
    fs.rmSync(path.join(folder, 'broken.jpg'));
    const second = await runCli(['caption', '--json', 'beside'], options);
    const { done, skipped } = JSON.parse(second.stdout);
    assert.deepEqual([second.status, done, skipped], [0, 0, 3]);
  });

  it('whose process is killed goes on with what is left, with one row per image', { timeout: 240_000 }, async () => {
    photos('killed', 60);
    const file = path.join(work, 'killed.jsonl');
    const args = ['caption', '--batch-size', '1', '--output', 'killed.jsonl', 'killed'];
    const [status] = await stopAfter(args, file, 'SIGKILL');
    const before = rows(file).length;
    assert.equal(status, 'SIGKILL');
    assert.ok(before < 60);
    const { status: again, stderr } = await runCli(args, options);
    assert.equal(again, 0);
    assert.match(stderr, new RegExp(`${60 - before} images done.*${before} done before`));
    assert.equal(new Set(rows(file).map(({ image }) => image)).size, 60);
    assert.equal(rows(file).length, 60);
  });

  it('that is interrupted: status 130, how to go on, nothing half made', {
    skip: process.platform === 'win32',
  }, async () => {
    photos('stopped', 60);
    const file = path.join(work, 'stopped.jsonl');
    const args = ['caption', '--batch-size', '1', '--output', 'stopped.jsonl', 'stopped'];
    const [status, stderr] = await stopAfter(args, file, 'SIGINT');
    assert.equal(status, 130);
    assert.match(stderr, /interrupted.*run the same command again/);
    assert.deepEqual(
      fs.readdirSync(work).filter((name) => name.startsWith('stopped.')),
      ['stopped.jsonl'],
    );
  });
});

describe('shards', () => {
  it('of a Kubernetes Indexed Job, all at once: joined they are the whole, each image once', async () => {
    photos('sharded', 24);
    const indexes = [0, 1, 2, 3];
    const ends = await Promise.all(
      indexes.map((index) => {
        const JOB_COMPLETION_INDEX = String(index); // as Kubernetes sets it
        const args = ['caption', '--shard', `${JOB_COMPLETION_INDEX}/4`, '--output', 'sharded.jsonl', 'sharded'];
        return runCli(args, { env: { ...env, JOB_COMPLETION_INDEX }, cwd: work });
      }),
    );
    assert.deepEqual(
      ends.map(({ status }) => status),
      [0, 0, 0, 0],
      ends.map(({ stderr }) => stderr).join(),
    );
    const parts = indexes.map((index) => path.join(work, `sharded-0000${index}-of-00004.jsonl`));
    const joined = path.join(work, 'joined.jsonl');
    fs.writeFileSync(joined, Buffer.concat(parts.map((part) => fs.readFileSync(part))));
    const images = rows(joined).map(({ image }) => path.basename(image, '.jpg'));
    assert.deepEqual(
      images.map(Number).sort((a, b) => a - b),
      [...Array(24).keys()],
    );
  });

  it('write captions beside the images of one folder', async () => {
    const folder = photos('together', 6);
    const ends = await Promise.all(
      [0, 1].map((index) => runCli(['caption', '--shard', `${index}/2`, 'together'], options)),
    );
    assert.deepEqual(
      ends.map(({ status }) => status),
      [0, 0],
    );
    assert.equal(fs.readdirSync(folder).filter((name) => name.endsWith('.txt')).length, 6);
    const { stderr } = await runCli(['caption', 'together'], options);
    assert.match(stderr, /0 images done, 6 done before/);
  });
});

describe('other inputs', () => {
  it('a list on standard input, with null characters between the names', async () => {
    const names = [path.join(PICTURES, NAMES[0]), path.join(PICTURES, NAMES[1])];
    const input = `${names.join('\0')}\0`;
    const [table, printed] = await Promise.all([
      runCli(['caption', '--output', 'list.jsonl', '-'], { ...options, input }),
      runCli(['caption', '--files-from', '-'], { ...options, input }),
    ]);
    assert.deepEqual([table.status, printed.status], [0, 0]);
    assert.deepEqual(
      rows(path.join(work, 'list.jsonl'))
        .map(({ image }) => image)
        .sort(),
      names,
    );
    assert.equal(printed.stdout.split('\n').length, 3);
  });

  it('questions about each image, as CSV', async () => {
    const args = ['ask', '--question', 'is it day or night?', '--output', 'answers.csv', PICTURES];
    const { status } = await runCli(args, options);
    assert.equal(status, 0);
    const lines = fs.readFileSync(path.join(work, 'answers.csv'), 'utf8').trimEnd().split('\r\n');
    assert.equal(lines[0], 'image,question,answer,score,time,model,sha256');
    assert.equal(lines.length, 1 + NAMES.length);
    for (const line of lines.slice(1))
      assert.equal(line.split(',')[2], line.includes('night-') ? 'night' : 'day', line);
  });

  it('wrong usage: status 2, before anything is loaded', async () => {
    for (const [args, message] of [
      [['caption', '--shard', '4/4', '--output', 'x.jsonl', PICTURES], /--shard.*last 3\/4/],
      [['caption', '--output', 'x.txt', PICTURES], /--output.*\.jsonl/],
      [['caption', '--append', path.join(PICTURES, NAMES[0])], /--append.*caption files beside the images/],
      [['caption', '--do-sample', PICTURES], /--do-sample.*--output -/],
      [['caption', '--append', '--overwrite', PICTURES], /--append and --overwrite/],
      [['caption', '--batch-size', '1000', PICTURES], /--batch-size.*from 1 to 256/],
      [['caption', '--prefix', 'x', '--output', 'x.jsonl', PICTURES], /--prefix.*leave out --output/],
      [['caption', '--files-from', 'none.txt'], /--files-from none\.txt.*no such file/],
      [['ask', '--output', 'x.jsonl', PICTURES], /--question-column/],
      [['ask', '--question', 'what?', '--shard', '0/2', PICTURES], /--shard.*--output/],
    ] as const) {
      const { status, stderr } = await runCli(args, options);
      assert.equal(status, 2, stderr);
      assert.match(stderr, message);
    }
  });
});
