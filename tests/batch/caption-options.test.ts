// captionFolder and askFolder: outputs and options that are refused, a full disk, a call that is stopped, and two at
// once.
import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import * as path from 'node:path';
import { describe, test } from 'node:test';
import { askFolder, captionFolder } from '../../lib';
import { PICTURES, base, counts, photos, rowsOf, work } from './caption-fixture';

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

  test('a disk that fills up in the middle: the call ends, and the next one does what is missing', async (t) => {
    const folder = photos();
    for (let i = 0; i < 40; i++)
      fs.copyFileSync(path.join(PICTURES, i % 2 ? 'demo.jpg' : 'park-day-cat.jpg'), path.join(folder, `${i}.jpg`));
    const output = path.join(work, 'fills-up.jsonl');
    const { open } = fs.promises;
    const mock = t.mock.method(fs.promises, 'open', async (...args: Parameters<typeof open>) => {
      const handle = await open(...args);
      const { appendFile } = handle;
      let writes = 0;
      if (args[1] === 'a')
        t.mock.method(handle, 'appendFile', async (bytes: Uint8Array) => {
          if (++writes < 3) return appendFile.call(handle, bytes);
          await handle.write(bytes.subarray(0, 20));
          throw Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' });
        });
      return handle;
    });
    const options = { ...base, output, memory_limit: 2 ** 24 };
    await assert.rejects(captionFolder(folder, options), /fills-up\.jsonl: cannot be written: ENOSPC.*go on/);
    mock.mock.restore();
    const written = rowsOf(output).length;
    assert.ok(written > 0 && written < 40, `${written} rows`);
    assert.deepEqual(counts(await captionFolder(folder, options)), [40 - written, written, 0, 0]);
    assert.equal(new Set(rowsOf(output).map(({ image }) => image)).size, 40);
  });

  test('a device is no output', { skip: !fs.existsSync('/dev/zero') }, async () => {
    const output = path.join(work, 'device.jsonl');
    fs.symlinkSync('/dev/zero', output);
    await assert.rejects(captionFolder(photos('demo.jpg'), { ...base, output }), /device\.jsonl.*no plain file/);
  });
});

describe('options and a call that is stopped', () => {
  test('more images at once than the memory that is given: told with figures, before anything is done', async () => {
    const folder = photos('demo.jpg');
    const most = { ...base, batch_size: 128, streams: 2, memory_limit: 2 ** 24 };
    await assert.rejects(captionFolder(folder, most), {
      name: 'BatchError',
      message: /^256 images.*batch_size 128, streams 2.*about \d+ MiB; memory_limit is 16 MiB.*enough for \d+\. Raise/,
    });
    assert.deepEqual(
      fs.readdirSync(folder).filter((name) => name.endsWith('.txt')),
      [],
    );
    assert.deepEqual(counts(await captionFolder(folder, { ...base, batch_size: 128 })), [1, 0, 0, 0]);
  });

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
