// Files of every kind that end one byte early, as a copy that broke off leaves them: refused by name with the file and
// what to do, or read as the whole file is.
import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { after, before, describe, it } from 'node:test';
import sharp from 'sharp';
import * as lib from '../../lib';
import { BlipError } from '../../lib/core/errors';
import { irStatistics } from '../../lib/ir';
import { projectRoot } from '../project-root';
import { makeFixtures, type Fixtures } from './callback-fixtures';

const work = fs.realpathSync(fs.mkdtempSync(path.join(os.tmpdir(), 'short-files-')));
let fixtures: Fixtures;
before(async () => {
  fixtures = await makeFixtures(work);
});
after(async () => {
  await fixtures.close();
  fs.rmSync(work, { recursive: true, force: true });
});

function shorten(file: string): void {
  fs.truncateSync(file, fs.statSync(file).size - 1);
}

let copies = 0;
function copyOf(folder: string): string {
  const copy = path.join(work, `copy-${++copies}`);
  fs.cpSync(folder, copy, { recursive: true, dereference: true });
  return copy;
}

/** What reading did: the error is named, and names the file. */
async function check(read: () => Promise<unknown>, file: string, mayBeRead = false): Promise<void> {
  try {
    await read();
  } catch (error) {
    assert.ok(error instanceof BlipError, `not named: ${String(error)}`);
    assert.ok(error.message.includes(path.basename(file)), `does not name ${path.basename(file)}: ${error.message}`);
    assert.ok(error.message.length < 2_000, 'a long message');
    return;
  }
  assert.ok(mayBeRead, `${path.basename(file)} is read as if it were whole`);
}

/** Text files may lose their last line end, or white space. */
function endsInSpace(file: string): boolean {
  return /\s$/.test(fs.readFileSync(file, 'latin1').slice(-1));
}

describe('files that end one byte early', () => {
  it('every file of a model folder', async () => {
    for (const name of fs.readdirSync(fixtures.model)) {
      const folder = copyOf(fixtures.model);
      const mayBeRead = /\.(json|txt)$/.test(name); // the last line end
      shorten(path.join(folder, name));
      await check(() => lib.OVBlipModel.load(folder).then((model) => model.dispose()), name, mayBeRead);
    }
  });

  it('every file of a checkpoint', async () => {
    for (const name of fs.readdirSync(fixtures.checkpoint)) {
      const folder = copyOf(fixtures.checkpoint);
      const mayBeRead = endsInSpace(path.join(folder, name)) || name === 'vocab.txt';
      shorten(path.join(folder, name));
      await check(
        () => lib.convertOnce(folder).then((made) => lib.BlipProcessor.fromPretrained(made)),
        name,
        mayBeRead,
      );
    }
  });

  it('pytorch_model.bin, and what lies beside it', async () => {
    const source = path.join(projectRoot(), 'tests', 'fixtures', 'published', 'blip-itm-base-coco');
    for (const name of ['pytorch_model.bin', 'tokenizer.json', 'config.json', 'preprocessor_config.json']) {
      const folder = copyOf(source);
      const mayBeRead = endsInSpace(path.join(folder, name));
      shorten(path.join(folder, name));
      await check(
        async () => {
          const checkpoint = await lib.loadCheckpoint(folder);
          checkpoint.close();
          await lib.BlipProcessor.fromPretrained(folder);
        },
        name,
        mayBeRead,
      );
    }
  });

  it('graphs without a manifest', async () => {
    for (const name of ['blip_vision_model.xml', 'blip_text_decoder.xml']) {
      const folder = copyOf(fixtures.model);
      for (const each of fs.readdirSync(folder)) if (/manifest/.test(each)) fs.rmSync(path.join(folder, each));
      shorten(path.join(folder, name));
      await check(() => irStatistics(path.join(folder, name)), name, true);
      await check(() => lib.OVBlipModel.load(folder).then((model) => model.dispose()), name, true);
    }
    for (const name of ['blip_vision_model.bin', 'blip_text_decoder.bin']) {
      const folder = copyOf(fixtures.model);
      for (const each of fs.readdirSync(folder)) if (/manifest/.test(each)) fs.rmSync(path.join(folder, each));
      shorten(path.join(folder, name));
      await check(() => lib.OVBlipModel.load(folder).then((model) => model.dispose()), name.replace('.bin', '.xml'));
    }
  });

  it('images', async () => {
    const { processor } = fixtures.loaded;
    for (const format of ['png', 'jpeg', 'webp', 'gif', 'tiff', 'avif'] as const) {
      const file = path.join(work, `image.${format}`);
      await sharp(fixtures.picture).resize(40, 40).toFormat(format).toFile(file);
      const whole = (await processor.image(file)).data;
      shorten(file);
      await check(async () => assert.deepEqual((await processor.image(file)).data, whole), file, true);
    }
  });

  it('data sets: parquet, and JSON with questions', async () => {
    const parquet = path.join(work, 'short.parquet');
    fs.copyFileSync(path.join(projectRoot(), 'tests', 'fixtures', 'datasets', 'vqa.parquet'), parquet);
    shorten(parquet);
    await check(() => lib.loadVqaParquet([parquet], { count: 5, cache_dir: work }), parquet);
    for (const name of ['questions_val.json', 'annotations_val.json']) {
      const scenes = path.join(projectRoot(), 'data', 'vqa-scenes');
      const file = path.join(work, name);
      fs.writeFileSync(
        file,
        fs
          .readFileSync(path.join(scenes, name), 'utf8')
          .trimEnd()
          .replace(/\]\s*\}$/, ''),
      );
      const files = { ...lib.findVqaV2(scenes, 'val'), [name.split('_')[0]]: file };
      // Annotations are read until those of all questions are found
      await check(() => lib.loadVqaV2(files), name, name.startsWith('annotations'));
    }
  });

  it('the index of a search, and a tar of images', async () => {
    const index = path.join(work, 'index');
    await lib.indexImages(fixtures.images, fixtures.loaded.retrieval, { index_file: index });
    shorten(index);
    await check(() => lib.openImageIndex(fixtures.images, fixtures.loaded.retrieval, { index_file: index }), index);
    await check(() => lib.indexImages(fixtures.images, fixtures.loaded.retrieval, { index_file: index }), index);

    const archive = path.join(work, 'images.tar');
    const tar: typeof import('tar') = require('tar');
    await tar.create({ file: archive, cwd: fixtures.images, noMtime: true }, ['0.png', '1.png']);
    const { length } = fs.readFileSync(archive);
    const found = (size: number) => {
      fs.truncateSync(archive, size);
      return lib.captionFolder(archive, { model: fixtures.model, output: path.join(work, `tar-${size}.jsonl`) });
    };
    for (const cut of [1, 600, 1_100]) {
      // Tar ends in 1,024 zeros, which may be missing
      const read = async (): Promise<void> => {
        const { done, failures } = await found(length - cut);
        for (const { name, reason } of failures) throw new lib.BatchError(`${name}: ${reason}`);
        assert.equal(done, 2);
      };
      await check(read, archive, cut < 1_024);
    }
  });
});
