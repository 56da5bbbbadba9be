// An index of a folder: brought up to date, refused where it does not fit, whole after kill -9 and between processes.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import * as fs from 'node:fs';
import * as path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { indexImages, openImageIndex, type ImageIndex, type RetrievalModel } from '../../lib';
import { CHECKPOINT, loadRetrieval, OTHER_CHECKPOINT, workFolder, writeImage } from './retrieval-fixture';

const work = workFolder();
let model: RetrievalModel;
before(async () => {
  model = await loadRetrieval(CHECKPOINT, path.join(work, 'model'));
});
after(() => model.dispose());

async function images(name: string, count: number): Promise<string> {
  const folder = path.join(work, name);
  for (let seed = 0; seed < count; seed++) await writeImage(path.join(folder, `${seed}.png`), seed);
  return folder;
}

/** Features by the image's path. */
function rows(index: ImageIndex): Record<string, number[]> {
  const size = index.features.length / index.length;
  return Object.fromEntries(
    index.images.map((image, i) => [image.path, Array.from(index.features.subarray(i * size, (i + 1) * size))]),
  );
}

function counts({ report }: ImageIndex): Record<string, number> {
  const { skipped, ...numbers } = report ?? assert.fail();
  return { ...numbers, skipped: skipped.length };
}

describe('an index of a folder', () => {
  it('holds what the model gives, and encodes only what is new', async () => {
    const folder = await images('grown', 4);
    await writeImage(path.join(folder, 'sub', 'öß 日本.png'), 9);
    await writeImage(path.join(folder, '.hidden', 'a.png'), 8);
    fs.writeFileSync(path.join(folder, 'notes.txt'), 'no image');
    fs.writeFileSync(path.join(folder, 'bad.jpg'), 'no image either');
    fs.mkdirSync(path.join(folder, 'folder.png'));
    const index = await indexImages(folder, model);
    assert.deepEqual(counts(index), { added: 5, changed: 0, renamed: 0, removed: 0, unchanged: 0, skipped: 1 });
    assert.match(index.report?.skipped[0].reason ?? '', /./);
    assert.equal(index.report?.skipped[0].path, 'bad.jpg');
    assert.deepEqual(Object.keys(rows(index)).sort(), ['0.png', '1.png', '2.png', '3.png', 'sub/öß 日本.png']);
    const { data } = await model.matcher.getImageFeatures({
      pixel_values: await model.processor.image(path.join(folder, 'sub', 'öß 日本.png')),
    });
    assert.deepEqual(rows(index)['sub/öß 日本.png'], Array.from(data));

    const opened = await openImageIndex(folder, model);
    assert.deepEqual(rows(opened), rows(index));
    assert.equal(opened.report, undefined);

    fs.rmSync(path.join(folder, 'bad.jpg'));
    fs.rmSync(path.join(folder, '0.png'));
    fs.renameSync(path.join(folder, '1.png'), path.join(folder, 'sub', 'renamed.png'));
    fs.copyFileSync(path.join(folder, '3.png'), path.join(folder, 'copy.png'));
    await writeImage(path.join(folder, '2.png'), 77);
    await writeImage(path.join(folder, 'new.png'), 5);
    const encoded: string[] = [];
    const again = await indexImages(folder, {
      ...model,
      matcher: new Proxy(model.matcher, {
        get: (target, name) => {
          if (name === 'getImageFeatures') encoded.push(String(name));
          const value: unknown = Reflect.get(target, name);
          return typeof value === 'function' ? value.bind(target) : value;
        },
      }),
      dispose: () => undefined,
    } as unknown as RetrievalModel);
    assert.deepEqual(counts(again), { added: 1, changed: 1, renamed: 2, removed: 1, unchanged: 2, skipped: 0 });
    assert.equal(encoded.length, 2);
    const [before_, now] = [rows(index), rows(again)];
    assert.deepEqual(now['sub/renamed.png'], before_['1.png']);
    assert.deepEqual(now['copy.png'], before_['3.png']);
    assert.notDeepEqual(now['2.png'], before_['2.png']);
    assert.equal(again.length, 6);

    const bytes = fs.readFileSync(again.file);
    const last = await indexImages(folder, model);
    assert.equal(last.report?.unchanged, 6);
    assert.ok(fs.readFileSync(last.file).equals(bytes), 'nothing changed: the file is left alone, or the same');
  });

  it('notices other content under the old size and time, when the file was new as it was indexed', async () => {
    const folder = await images('racy', 1);
    const file = path.join(folder, '0.png');
    fs.writeFileSync(file, fs.readFileSync(file)); // changed just now
    const first = await indexImages(folder, model);
    assert.equal(first.images[0].mtime_ns, '0');
    assert.equal((await indexImages(folder, model)).report?.unchanged, 1);
  });

  it('is refused for another model, another folder, and where all images are gone; rebuild makes it anew', async () => {
    const folder = await images('owned', 2);
    const { file } = await indexImages(folder, model);
    const bytes = fs.readFileSync(file);
    const other = await loadRetrieval(OTHER_CHECKPOINT, path.join(work, 'other'));
    for (const attempt of [() => indexImages(folder, other), () => openImageIndex(folder, other)])
      await assert.rejects(attempt, {
        name: 'SearchError',
        message: /was made by .*, but this model is .*rebuild: true/,
      });
    const elsewhere = await images('elsewhere', 1);
    await assert.rejects(indexImages(elsewhere, model, { index_file: file }), {
      name: 'SearchError',
      message: /is the index of .*owned, expected .*elsewhere/,
    });
    assert.ok(fs.readFileSync(file).equals(bytes), 'a refused index is left as it is');
    assert.equal((await indexImages(folder, other, { rebuild: true })).report?.added, 2);
    other.dispose();
    await indexImages(folder, model, { rebuild: true });
    for (const name of ['0.png', '1.png']) fs.rmSync(path.join(folder, name));
    await assert.rejects(indexImages(folder, model), {
      name: 'SearchError',
      message: /no images.*is the disk mounted/,
    });
    assert.ok(fs.existsSync(file));
    await assert.rejects(indexImages(path.join(work, 'absent'), model), {
      name: 'SearchError',
      message: /no such folder/,
    });
    assert.equal(fs.existsSync(path.join(work, 'absent')), false);
    await assert.rejects(openImageIndex(path.join(work, 'elsewhere'), model), {
      name: 'SearchError',
      message: /cannot be read/,
    });
  });

  it('refuses a damaged file at every byte that is cut, and where bytes are changed', async () => {
    const folder = await images('damaged', 3);
    const { file } = await indexImages(folder, model);
    const bytes = fs.readFileSync(file);
    const refused = async (content: Uint8Array, what: string): Promise<void> => {
      fs.writeFileSync(file, content);
      await assert.rejects(openImageIndex(folder, model), (error: unknown) => {
        assert.ok(error instanceof Error && error.name === 'SearchError', `${what}: ${String(error)}`);
        assert.ok(error.message.startsWith(file) && error.message.includes('rebuild'), error.message);
        return true;
      });
    };
    for (let length = 0; length < bytes.length; length += 7)
      await refused(bytes.subarray(0, length), `${length} bytes`);
    await refused(Buffer.concat([bytes, Buffer.from('x')]), 'a byte more');
    for (let at = 0; at < bytes.length; at += 11) {
      const changed = Buffer.from(bytes);
      changed[at] ^= 0x41;
      await refused(changed, `byte ${at} changed`);
    }
    fs.writeFileSync(file, bytes);
    assert.equal((await openImageIndex(folder, model)).length, 3);
  });

  it('does not follow paths out of its folder', async () => {
    const folder = await images('outside', 1);
    const { file } = await indexImages(folder, model);
    const text = fs.readFileSync(file).toString('latin1');
    assert.ok(text.includes('"0.png"'));
    for (const evil of ['/0.pn', '../.p', 'a:\\\\x'.slice(0, 5)]) {
      fs.writeFileSync(file, Buffer.from(text.replace('0.png', evil), 'latin1'));
      await assert.rejects(openImageIndex(folder, model), { name: 'SearchError' });
    }
  });

  it('an abort saves what is done', async () => {
    const folder = await images('aborted', 5);
    const controller = new AbortController();
    await assert.rejects(
      indexImages(folder, model, {
        signal: controller.signal,
        progress_callback: ({ loaded }) => {
          if (loaded === 2) controller.abort(new Error('enough'));
        },
      }),
      /enough/,
    );
    assert.equal((await openImageIndex(folder, model)).length, 2);
    assert.deepEqual(counts(await indexImages(folder, model)), {
      added: 3,
      changed: 0,
      renamed: 0,
      removed: 0,
      unchanged: 2,
      skipped: 0,
    });
    assert.deepEqual(
      fs.readdirSync(folder).filter((name) => name.startsWith('.')),
      ['.blip-index'],
    );
  });
});

describe('several processes', () => {
  const script = `
    const { indexImages, RetrievalModel } = require(${JSON.stringify(path.join(__dirname, '..', '..', 'lib'))});
    (async () => {
      const [folder, slow] = process.argv.slice(1);
      const properties = { INFERENCE_PRECISION_HINT: 'f32' };
      const model = await RetrievalModel.fromPretrained(${JSON.stringify(path.join(work, 'model'))}, { properties });
      const { report } = await indexImages(folder, model, {
        save_every_ms: 0,
        progress_callback: async ({ status, loaded }) => {
          if (status !== 'index') return;
          console.log(loaded);
          if (slow) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 30);
        },
      });
      console.log(JSON.stringify(report));
      process.exit(0);
    })();`;
  const start = (...args: readonly string[]) =>
    spawn(process.execPath, ['--import', 'tsx', '-e', script, ...args], {
      cwd: path.join(__dirname, '..', '..'),
      stdio: ['ignore', 'pipe', 'inherit'],
      timeout: 120_000,
    });

  it('kill -9 loses at most what was not saved yet', async () => {
    const folder = await images('killed', 12);
    const child = start(folder, 'slow');
    await new Promise<void>((resolve) => {
      child.stdout.on('data', (chunk) => /^6$/m.test(String(chunk)) && child.kill('SIGKILL'));
      child.on('close', () => resolve());
    });
    const saved = await openImageIndex(folder, model);
    // On a busy machine saving takes longer, and is done less often
    assert.ok(saved.length >= 1 && saved.length < 12, `${saved.length} images saved`);
    const { report } = await indexImages(folder, model);
    assert.equal(report?.unchanged, saved.length);
    assert.equal(report?.added, 12 - saved.length);
  });

  it('two at once: one encodes, the other waits and finds it done', async () => {
    const folder = await images('shared', 8);
    const outputs = await Promise.all(
      [start(folder, 'slow'), start(folder, 'slow')].map(
        (child) =>
          new Promise<string>((resolve) => {
            let output = '';
            child.stdout.on('data', (chunk) => (output += String(chunk)));
            child.on('close', () => resolve(output));
          }),
      ),
    );
    const reports = outputs.map((output): { added: number; unchanged: number } =>
      JSON.parse(output.trim().split('\n').at(-1) ?? ''),
    );
    assert.equal(
      reports.reduce((sum, { added }) => sum + added, 0),
      8,
    );
    assert.equal((await openImageIndex(folder, model)).length, 8);
  });
});
