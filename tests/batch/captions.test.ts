// captionFolder and askFolder on the bundled model: what is written where, what is done again and what is not, and what
// happens to images, outputs and inputs that cannot be used.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import * as fs from 'node:fs';
import * as http from 'node:http';
import * as path from 'node:path';
import { before, describe, test } from 'node:test';
import { askFolder, captionFolder, type BatchSummary, type CaptionFolderOptions } from '../../lib';
import { temporaryFolder } from '../cli/run-cli';

const FIXTURES = path.resolve('tests', 'fixtures', 'batch');
const PICTURES = path.resolve('data', 'pictures');
const work = temporaryFolder();
process.env.BLIP_CACHE = path.join(work, 'cache');
const model = path.resolve('models', 'blip-scenes');
/** As PyTorch computes them; OpenVINO in f32 writes the same. */
const expected: Record<string, { caption: string; score: number }> = JSON.parse(
  fs.readFileSync(path.join(FIXTURES, 'scores.json'), 'utf8'),
);
const base: CaptionFolderOptions = { model, properties: { INFERENCE_PRECISION_HINT: 'f32' } };

interface Row {
  readonly image: string;
  readonly caption: string;
  readonly score: number;
  readonly question?: string;
  readonly answer?: string;
  readonly sha256: string;
}

let made = 0;
/** A folder with some of the pictures. */
function photos(...names: readonly string[]): string {
  const folder = path.join(work, `photos-${made++}`);
  fs.mkdirSync(folder);
  for (const name of names) fs.copyFileSync(path.join(PICTURES, name), path.join(folder, name));
  return folder;
}

function rowsOf(file: string): Row[] {
  return fs
    .readFileSync(file, 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
}

const counts = ({ done, skipped, kept, failures }: BatchSummary): number[] => [done, skipped, kept, failures.length];
const read = (folder: string, name: string): string => fs.readFileSync(path.join(folder, name), 'utf8');
const DEMO = 'two gray dogs playing with two green balls on the beach\n';

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

  test('are done again when the image, the options or the caption file changed, not when only its time did', async () => {
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

describe('images that cannot be used', () => {
  test('are told by name with their reason; the others are done, and a later call tries them again', async () => {
    const folder = photos('demo.jpg');
    fs.writeFileSync(path.join(folder, 'zero.jpg'), '');
    fs.writeFileSync(path.join(folder, 'cut.jpg'), fs.readFileSync(path.join(PICTURES, 'demo.jpg')).subarray(0, 900));
    fs.writeFileSync(path.join(folder, 'text.jpg'), 'no image');
    fs.mkdirSync(path.join(folder, 'folder.jpg'));
    const told: string[] = [];
    const options = { ...base, on_failure: ({ name }: { name: string }) => void told.push(path.basename(name)) };
    const summary = await captionFolder(folder, options);
    assert.deepEqual(counts(summary), [1, 0, 0, 3]);
    assert.deepEqual(told.sort(), ['cut.jpg', 'text.jpg', 'zero.jpg']);
    const reasons = Object.fromEntries(summary.failures.map(({ name, reason }) => [path.basename(name), reason]));
    assert.match(reasons['zero.jpg'], /^is empty \(0 bytes\)/);
    assert.match(reasons['cut.jpg'], /JPEG.*cannot be decoded/);
    assert.match(reasons['text.jpg'], /text file/);
    fs.copyFileSync(path.join(PICTURES, 'park-day-cat.jpg'), path.join(folder, 'zero.jpg'));
    assert.deepEqual(counts(await captionFolder(folder, base)), [1, 1, 0, 2]);
  });

  test('a file that goes away between listing and reading', async () => {
    const folder = photos('demo.jpg', 'park-day-cat.jpg');
    const list = path.join(work, 'gone.jsonl');
    const names = ['demo.jpg', 'gone.jpg', 'park-day-cat.jpg'].map((name) => JSON.stringify(path.join(folder, name)));
    fs.writeFileSync(list, names.join('\n'));
    const { done, failures } = await captionFolder(list, { ...base, output: path.join(work, 'gone-out.jsonl') });
    assert.equal(done, 2);
    assert.match(failures[0].reason, /ENOENT/);
  });

  test('an empty folder, and one that is not there', async () => {
    const { failures } = await captionFolder(photos(), base);
    assert.match(failures[0].reason, /no images/);
    await assert.rejects(captionFolder(path.join(work, 'nowhere'), base), { name: 'BatchError', message: /nowhere/ });
  });

  test('an address that fails', async () => {
    const server = http.createServer((request, response) => {
      if (request.url === '/demo.jpg') response.end(fs.readFileSync(path.join(PICTURES, 'demo.jpg')));
      else response.writeHead(404).end();
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    assert.ok(typeof address === 'object' && address);
    process.env.NO_PROXY = '127.0.0.1';
    const list = path.join(work, 'addresses.jsonl');
    const urls = ['demo.jpg', 'none.jpg'].map((name) => `{"url":"http://127.0.0.1:${address.port}/${name}"}`);
    fs.writeFileSync(list, urls.join('\n'));
    const output = path.join(work, 'addresses-out.jsonl');
    const { done, failures } = await captionFolder(list, { ...base, output });
    server.closeAllConnections();
    server.close();
    assert.equal(done, 1);
    assert.match(failures[0].reason, /404/);
    assert.equal(rowsOf(output)[0].caption, DEMO.trim());
  });
});

describe('a table', () => {
  test('JSONL: captions and scores as PyTorch has them, at any batch size, and in beams', async () => {
    const digest = '27310e78f093bca43a91798817a7b3a0c9b3fd0a42d7785445b854d23dab4ab6'; // sha256sum demo.jpg
    for (const [name, options] of Object.entries({
      one: { batch_size: 1 },
      three: { batch_size: 3 },
      streams: { streams: 2 },
      small: { memory_limit: 2 ** 24 },
      beams: { generation: { num_beams: 3 } },
    })) {
      const output = path.join(work, `${name}.jsonl`);
      assert.deepEqual(counts(await captionFolder(PICTURES, { ...base, ...options, output })), [8, 0, 0, 0], name);
      for (const row of rowsOf(output)) {
        const { caption, score } = expected[path.basename(row.image)];
        assert.equal(row.caption, caption, name);
        // FP16 weights in f32; sharp's resized image differs from PIL's by a level here and there
        assert.ok(Math.abs(row.score - score) < 2e-3, `${name} ${row.image}: ${row.score}, expected ${score}`);
        if (row.image.endsWith('demo.jpg')) assert.equal(row.sha256, digest);
      }
    }
  });

  test('goes on where it was stopped, also behind a torn line, and keeps one row per image', async () => {
    const folder = photos('demo.jpg', 'park-day-cat.jpg', 'snow-night-cat.jpg');
    const output = path.join(work, 'torn.jsonl');
    await captionFolder(folder, { ...base, output });
    const bytes = fs.readFileSync(output);
    fs.writeFileSync(output, bytes.subarray(0, bytes.length - 30)); // a process that was killed while it wrote
    assert.deepEqual(counts(await captionFolder(folder, { ...base, output })), [1, 2, 0, 0]);
    assert.equal(new Set(rowsOf(output).map(({ image }) => image)).size, 3);
    await captionFolder(folder, { ...base, output, generation: { max_new_tokens: 2 } });
    assert.deepEqual(
      rowsOf(output).map(({ caption }) => caption.split(' ').length),
      [2, 2, 2],
    );
  });

  test('that is somebody else’s file is not touched', async () => {
    const output = path.join(work, 'other.jsonl');
    for (const text of ['{"text": "mine"}\n', 'mine', '{"text"']) {
      fs.writeFileSync(output, text);
      await assert.rejects(captionFolder(photos('demo.jpg'), { ...base, output }), /other\.jsonl, line 1/);
      assert.equal(fs.readFileSync(output, 'utf8'), text);
    }
  });

  test('CSV, read by Python: answers, odd names, no formulas', { skip: process.platform === 'win32' }, async () => {
    const folder = photos();
    process.chdir(folder);
    const names = ['=cmd,"x".jpg', 'a\nb.jpg', 'é.jpg'];
    for (const name of names) fs.copyFileSync(path.join(PICTURES, 'demo.jpg'), name);
    fs.writeFileSync('list.jsonl', names.map((name) => JSON.stringify(name)).join('\n'));
    const questions = ['how many dogs are there?', 'is it day or night?'];
    const { done } = await askFolder('list.jsonl', questions, { ...base, output: 'out.csv' });
    process.chdir(path.dirname(path.dirname(PICTURES)));
    assert.equal(done, 3);
    const script =
      'import csv,json,sys; print(json.dumps(list(csv.DictReader(open(sys.argv[1],newline="",encoding="utf-8")))))';
    const { stdout, error } = spawnSync('python3', ['-c', script, path.join(folder, 'out.csv')], { encoding: 'utf8' });
    if (error) return; // no Python here
    const rows: Row[] = JSON.parse(stdout);
    assert.deepEqual(
      rows.map(({ image, question, answer }) => [image, question, answer]).sort(),
      names.flatMap((name) => questions.map((q, i) => [name.replace(/^=/, "'="), q, ['2', 'day'][i]])).sort(),
    );
    assert.ok(fs.readFileSync(path.join(folder, 'out.csv')).includes('\r\n'));
  });

  test('parquet: the file whose rows pyarrow read', async () => {
    const { writeParquet } = await import('../../lib/batch/write-table');
    const output = path.join(work, 'fixed.parquet');
    await writeParquet({ journal: path.join(FIXTURES, 'rows.jsonl'), output, rows: 'captions', shard: undefined });
    assert.deepEqual(fs.readFileSync(output), fs.readFileSync(path.join(FIXTURES, 'rows.parquet')));
  });

  test('of tar and parquet files, with images in them', async () => {
    for (const [name, count] of [
      ['set-000000.tar', [4, 0, 0, 1]],
      ['images.parquet', [3, 0, 0, 1]],
    ] as const) {
      const output = path.join(work, `${name}.out.parquet`);
      const call = (): Promise<BatchSummary> => captionFolder(path.join(FIXTURES, name), { ...base, output });
      assert.deepEqual(counts(await call()), count);
      assert.deepEqual(counts(await call()), [0, count[0], 0, 1]);
    }
  });
});

describe('outputs that cannot be written', () => {
  test('are told before a model is loaded', async () => {
    const folder = photos('demo.jpg');
    fs.mkdirSync(path.join(work, 'taken.jsonl'));
    const cases = [path.join(work, 'taken.jsonl'), path.join(folder, 'demo.jpg', 'x.jsonl')];
    for (const output of cases)
      await assert.rejects(captionFolder(folder, { ...base, model: 'no/such-model', output }), {
        name: 'BatchError',
        message: /cannot be written/,
      });
  });

  test('a read-only folder', { skip: process.platform === 'win32' || process.getuid?.() === 0 }, async () => {
    const folder = photos('demo.jpg');
    fs.chmodSync(folder, 0o555);
    await assert.rejects(captionFolder(folder, base), /cannot be written.*--output/);
    fs.chmodSync(folder, 0o755);
  });

  test('a full disk: the message says so, and the journal ends with a whole line', async (t) => {
    const { Journal } = await import('../../lib/batch/journal');
    const file = path.join(work, 'full.jsonl');
    const row = { image: 'a.jpg', caption: 'a', score: 0, time: '', model: 'm', sha256: '', options: '' };
    const journal = await Journal.open(file);
    await journal.append([row]);
    await journal.close();
    const { open } = fs.promises;
    t.mock.method(fs.promises, 'open', async (...args: Parameters<typeof open>) => {
      const handle = await open(...args);
      const fill = async (bytes: Uint8Array): Promise<void> => {
        await handle.write(bytes.subarray(0, 20));
        throw Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' });
      };
      if (args[1] === 'a') t.mock.method(handle, 'appendFile', fill);
      return handle;
    });
    const full = await Journal.open(file);
    await assert.rejects(full.append([row]), /full\.jsonl: cannot be written: ENOSPC.*Make room.*go on/);
    await full.close();
    assert.deepEqual(rowsOf(file), [row]);
  });

  test('a device is no output', { skip: !fs.existsSync('/dev/zero') }, async () => {
    const output = path.join(work, 'device.jsonl');
    fs.symlinkSync('/dev/zero', output);
    await assert.rejects(captionFolder(photos('demo.jpg'), { ...base, output }), /device\.jsonl.*no plain file/);
  });
});

describe('options and a call that is stopped', () => {
  test('wrong options are refused by name', async () => {
    const wrong: [Record<string, unknown>, RegExp][] = [
      [{ batch_size: 0 }, /batch_size.*0.*from 1/],
      [{ batch_size: Number.NaN }, /batch_size/],
      [{ streams: 1.5 }, /streams/],
      [{ memory_limit: 5 }, /memory_limit/],
      [{ output: 'x.txt' }, /output.*\.jsonl/],
      [{ shard: { index: 4, count: 4 } }, /shard.*last 3\/4/],
      [{ caption_extension: '.jpg' }, /caption extension/],
      [{ caption_extension: '../x' }, /caption extension/],
      [{ append: true, overwrite: true }, /contradict/],
      [{ append: true, output: 'x.jsonl' }, /append.*caption files/],
      [{ generation: { signal: null } }, /generation/],
      [{ colour: 1 }, /colour/],
      [{ model: 5 }, /model/],
    ];
    for (const [options, message] of wrong)
      await assert.rejects(captionFolder(photos('demo.jpg'), { ...base, ...options }), message, String(message));
    await assert.rejects(captionFolder(photos('demo.jpg'), { ...base, generation: { num_beams: -1 } }), /num_beams/);
    await assert.rejects(askFolder(PICTURES, [], { ...base, output: 'x.jsonl' }), /question/);
  });

  test('aborted: what is done is kept, and a second call goes on', async () => {
    const folder = photos(...fs.readdirSync(PICTURES).filter((name) => name.endsWith('.jpg')));
    const stop = new AbortController();
    const output = path.join(work, 'aborted.jsonl');
    const options = { ...base, output, batch_size: 1, memory_limit: 2 ** 24 };
    const progress_callback = ({ status, loaded = 0 }: { status: string; loaded?: number }): void => {
      if (status === 'captions' && loaded >= 1) stop.abort(new Error('enough'));
    };
    await assert.rejects(captionFolder(folder, { ...options, progress_callback, signal: stop.signal }), /enough/);
    const before = rowsOf(output).length;
    assert.ok(before >= 1);
    assert.ok(!fs.existsSync(`${output}.lock`));
    assert.deepEqual(counts(await captionFolder(folder, options)), [8 - before, before, 0, 0]);
  });

  test('two calls at once do each image once', async () => {
    const folder = photos('demo.jpg', 'park-day-cat.jpg', 'snow-night-cat.jpg');
    const both = await Promise.all([captionFolder(folder, base), captionFolder(folder, base)]);
    assert.deepEqual(both.map(({ done }) => done).sort(), [0, 3]);
  });
});
