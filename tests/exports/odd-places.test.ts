// Folders and names that surprise: replaced or removed during the work, reached through links, without a home folder or
// room for temporary files, names that are no text or no path. Each ends in a result or an error that is named; what
// cannot be used is counted and told.
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { after, before, describe, it } from 'node:test';
import * as lib from '../../lib';
import { BlipError } from '../../lib/core/errors';
import { makeFixtures, type Fixtures } from './callback-fixtures';

const ROOT = path.join(__dirname, '..', '..');
const TSX = path.join(ROOT, 'node_modules', 'tsx', 'dist', 'loader.mjs');
const LINUX = { skip: process.platform === 'linux' ? false : 'names and limits of Linux', timeout: 300_000 };
const LONG_PATH = 4_500;

const work = fs.realpathSync(fs.mkdtempSync(path.join(os.tmpdir(), 'odd-places-')));
let fixtures: Fixtures;
before(async () => {
  fixtures = await makeFixtures(work);
  fs.rmSync(path.join(fixtures.images, 'broken.png'));
  fs.rmSync(path.join(fixtures.images, 'broken-too.png'));
});
after(async () => {
  await fixtures.close();
  // Longer paths than the system takes are removed step by step
  execFileSync('rm', ['-rf', work]);
});

let folders = 0;
function newFolder(withImages = true): string {
  const folder = path.join(work, `folder-${++folders}`);
  if (withImages) fs.cpSync(fixtures.images, folder, { recursive: true, preserveTimestamps: true });
  else fs.mkdirSync(folder);
  return folder;
}

function caption(folder: string, more: object = {}): Promise<lib.BatchSummary> {
  return lib.captionFolder(folder, { model: fixtures.model, on_failure: () => undefined, ...more });
}

function index(folder: string, more: object = {}): Promise<lib.ImageIndex> {
  return lib.indexImages(folder, fixtures.loaded.retrieval, more);
}

async function convert(output: string, more: object = {}): Promise<lib.ConvertedBlip> {
  const checkpoint = await lib.loadCheckpoint(fixtures.checkpoint);
  return lib.convertBlip(checkpoint, output, more).finally(() => checkpoint.close());
}

/** A result, or an error that is named and names the place. */
async function named(work: Promise<unknown>, place: RegExp): Promise<void> {
  try {
    await work;
  } catch (error) {
    assert.ok(error instanceof BlipError, `not named: ${error instanceof Error ? error.stack : String(error)}`);
    assert.match(error.message, place);
  }
}

describe('names', () => {
  it('that are not UTF-8 are counted and told by captionFolder and indexImages', LINUX, async () => {
    const folder = newFolder();
    const odd = Buffer.concat([Buffer.from(`${folder}/caf`), Buffer.from([0xe9]), Buffer.from('.png')]);
    fs.copyFileSync(fixtures.picture, odd);
    const { done, failures } = await caption(folder);
    assert.equal(done, 5);
    assert.match(failures.map(({ reason }) => reason).join(), /not in UTF-8/);
    const { report } = await index(folder);
    assert.equal(report?.added, 5);
    assert.match((report?.skipped ?? []).map(({ reason }) => reason).join(), /not in UTF-8/);
  });

  it('with line ends, quotes and odd characters are done and written down whole', LINUX, async () => {
    const folder = newFolder(false);
    const names = ['a\nb.png', 'c"d,e.png', '=f.png', ' .png', 'ünï\u202e.png', "g'h\t.png"];
    for (const name of names) fs.copyFileSync(fixtures.picture, path.join(folder, name));
    const output = path.join(newFolder(false), 'table.csv');
    assert.equal((await caption(folder, { output })).done, names.length);
    assert.equal((await caption(folder)).done, names.length);
    const { images } = await index(folder);
    assert.deepEqual(images.map(({ path: name }) => name).sort(), [...names].sort());
    assert.equal((await index(folder)).report?.unchanged, names.length);
  });

  it('in paths that are longer than the system takes are told', LINUX, async () => {
    const folder = newFolder();
    const script = `
      for (let i = 0; i * 250 < ${LONG_PATH}; i++) {
        const name = 'd'.repeat(249);
        require('node:fs').mkdirSync(name);
        process.chdir(name);
      }
      require('node:fs').writeFileSync('deep.png', '');`;
    execFileSync(process.execPath, ['-e', script], { cwd: folder });
    const { done, failures } = await caption(folder);
    assert.equal(done, 5);
    assert.match(failures.map(({ reason }) => reason).join(), /ENAMETOOLONG/);
    const { report } = await index(folder);
    assert.equal(report?.added, 5);
    assert.match((report?.skipped ?? []).map(({ reason }) => reason).join(), /ENAMETOOLONG/);
    const long = path.join(work, ...Array<string>(20).fill('e'.repeat(250)));
    await assert.rejects(convert(long), BlipError);
    await assert.rejects(caption(long), BlipError);
    await assert.rejects(index(folder, { index_file: path.join(long, 'index') }), BlipError);
    await assert.rejects(lib.loadCheckpoint(long), BlipError);
  });

  it('of files from the future are done once, as any other', async () => {
    const folder = newFolder();
    for (const name of fs.readdirSync(folder)) fs.utimesSync(path.join(folder, name), 4e9, 4e9);
    assert.equal((await caption(folder)).done, 5);
    assert.equal((await caption(folder)).skipped, 5);
    assert.equal((await index(folder)).report?.added, 5);
    const again = await index(folder);
    assert.deepEqual([again.report?.added, again.report?.unchanged], [0, 5]);
  });
});

describe('folders that change during the work', () => {
  const surprises: readonly (readonly [string, (folder: string) => void])[] = [
    ['is removed', (folder) => fs.rmSync(folder, { recursive: true, force: true })],
    [
      'becomes a file',
      (folder) => {
        fs.rmSync(folder, { recursive: true, force: true });
        fs.writeFileSync(folder, '');
      },
    ],
    [
      'becomes another folder',
      (folder) => {
        fs.renameSync(folder, `${folder}-moved`);
        fs.mkdirSync(folder);
      },
    ],
  ];
  for (const [what, surprise] of surprises) {
    const once = (folder: string): { progress_callback: () => void } => {
      let calls = 0;
      return { progress_callback: () => void (++calls === 2 && surprise(folder)) };
    };
    it(`the images' folder ${what}`, async () => {
      const images = newFolder();
      await named(caption(images, once(images)), /folder-\d+/);
      const others = newFolder();
      await named(index(others, once(others)), /folder-\d+/);
      const table = newFolder();
      await named(
        caption(table, { output: path.join(newFolder(false), 't.jsonl'), ...once(table) }),
        /folder-\d+|no images/,
      );
    });
    it(`the folder of a table or an index ${what}`, async () => {
      const output = newFolder(false);
      await named(caption(newFolder(), { output: path.join(output, 't.csv'), ...once(output) }), /folder-\d+/);
      const place = newFolder(false);
      await named(index(newFolder(), { index_file: path.join(place, 'index'), ...once(place) }), /folder-\d+/);
    });
    it(`the output of a conversion ${what}`, async () => {
      const output = path.join(newFolder(false), 'model');
      await named(convert(output, once(output)), /folder-\d+/);
      if (fs.existsSync(path.join(output, 'blip_manifest.json'))) await lib.verifyModelFolder(output);
      fs.rmSync(output, { recursive: true, force: true });
      await convert(output);
      await lib.verifyModelFolder(output);
    });
  }
});

describe('links', () => {
  it('to folders and files are followed, as inputs and as outputs', async () => {
    const place = newFolder(false);
    const at = (name: string): string => path.join(place, name);
    fs.symlinkSync(fixtures.checkpoint, at('checkpoint'));
    fs.mkdirSync(at('models'));
    fs.symlinkSync('models', at('output'));
    const checkpoint = await lib.loadCheckpoint(at('checkpoint'));
    await lib.convertBlip(checkpoint, at('output')).finally(() => checkpoint.close());
    assert.ok(fs.lstatSync(at('output')).isSymbolicLink());
    await lib.verifyModelFolder(at('models'));
    (await lib.OVBlipModel.load(at('output'))).dispose();

    const images = newFolder();
    fs.symlinkSync(images, at('images'));
    assert.equal((await caption(at('images'))).done, 5);
    assert.equal((await caption(images)).skipped, 5);
    fs.writeFileSync(at('kept.jsonl'), '');
    fs.symlinkSync('kept.jsonl', at('table.jsonl'));
    assert.equal((await caption(images, { output: at('table.jsonl') })).done, 5);
    assert.equal(fs.readFileSync(at('kept.jsonl'), 'utf8').trimEnd().split('\n').length, 5);
    assert.ok(fs.lstatSync(at('table.jsonl')).isSymbolicLink());
    fs.symlinkSync('kept-index', at('index'));
    assert.equal((await index(images, { index_file: at('index') })).length, 5);
    assert.ok(fs.lstatSync(at('index')).isSymbolicLink());
    assert.ok(fs.statSync(at('kept-index')).size > 0);
  });

  it('of single files of a checkpoint are followed; those that lead nowhere are told', async () => {
    const place = newFolder(false);
    for (const name of fs.readdirSync(fixtures.checkpoint))
      fs.symlinkSync(path.join(fixtures.checkpoint, name), path.join(place, name));
    const checkpoint = await lib.loadCheckpoint(place);
    checkpoint.close();
    fs.rmSync(path.join(place, 'model.safetensors'));
    fs.symlinkSync('nowhere', path.join(place, 'model.safetensors'));
    await assert.rejects(lib.loadCheckpoint(place), BlipError);
    const output = path.join(newFolder(false), 'dangling');
    fs.symlinkSync('not-there', output);
    await named(convert(output), /dangling/);
    const images = newFolder();
    fs.symlinkSync('nowhere.png', path.join(images, 'x.png'));
    fs.symlinkSync('.', path.join(images, 'circle'));
    const { done, failures } = await caption(images);
    assert.deepEqual([done, failures.length], [5, 1]);
    assert.equal((await index(images)).length, 5);
  });
});

describe('processes without a home folder or room for temporary files', () => {
  const WORK = `
    if (process.env.LATER_TMPDIR) process.env.TMPDIR = process.env.LATER_TMPDIR; // tsx has its own files there
    const lib = require(${JSON.stringify(path.join(ROOT, 'lib'))});
    const { BlipError } = require(${JSON.stringify(path.join(ROOT, 'lib', 'core', 'errors'))});
    const [checkpoint, model, images, output] = process.argv.slice(2);
    const settle = async (name, work) => {
      try { await work(); console.log(name + ' ok'); }
      catch (error) { console.log(name + (error instanceof BlipError ? ' named ' : ' WRONG ') + error); }
    };
    (async () => {
      await settle('convertOnce', () => lib.convertOnce(checkpoint));
      await settle('loadCheckpoint', () => lib.loadCheckpoint('some/where', { local_files_only: true }));
      await settle('caption', () => lib.captionFolder(images, { model, output }));
      await settle('load', async () => (await lib.OVBlipModel.load(model)).dispose());
      const verify = { picture: images + '/0.png', runs: 0, quantize: { subset_size: 2 } };
      await settle('verify', async () => { for await (const _ of lib.verifyCheckpoint(checkpoint, verify)); });
      await settle('samples', () => lib.loadVqaSamples('some/where', { count: 2 }));
    })();`;
  const run = (env: NodeJS.ProcessEnv, more: { readonly uid?: number } = {}): string => {
    const script = path.join(work, 'script.cjs');
    fs.writeFileSync(script, WORK);
    const output = path.join(newFolder(false), 'captions.jsonl');
    if (more.uid !== undefined) fs.chownSync(path.dirname(output), more.uid, more.uid);
    const { BLIP_CACHE: _, HF_HOME: __, XDG_CACHE_HOME: ___, ...rest } = process.env;
    const { stdout, stderr, status, signal } = spawnSync(
      process.execPath,
      ['--import', TSX, script, fixtures.checkpoint, fixtures.model, fixtures.images, output],
      {
        cwd: ROOT,
        env: { ...rest, HF_HUB_OFFLINE: '1', BLIP_OPENVINO_RUNTIME: rest.BLIP_OPENVINO_RUNTIME, ...env },
        encoding: 'utf8',
        timeout: 200_000,
        ...more,
      },
    );
    assert.equal(status, 0, `${signal} ${stderr}`);
    assert.doesNotMatch(stdout, /WRONG/);
    assert.match(stdout, /caption ok/);
    assert.match(stdout, /load ok/);
    return stdout;
  };
  it('HOME is empty, or a folder that is not there or is a file', LINUX, () => {
    assert.match(run({ HOME: '' }), /convertOnce named .*BLIP_CACHE/);
    run({ HOME: path.join(work, 'no-such-home') });
    assert.match(run({ HOME: fixtures.picture }), /convertOnce named/);
  });
  it('TMPDIR is missing, a file, or full', LINUX, () => {
    run({ LATER_TMPDIR: path.join(work, 'no-such-folder'), BLIP_CACHE: newFolder(false) });
    run({ LATER_TMPDIR: fixtures.picture, BLIP_CACHE: newFolder(false) });
    const full = newFolder(false);
    if (spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=4k', 'tmpfs', full]).status !== 0) return;
    try {
      fs.writeFileSync(path.join(full, 'filler'), Buffer.alloc(4096));
      run({ LATER_TMPDIR: full, BLIP_CACHE: newFolder(false) });
      assert.match(run({ BLIP_CACHE: full }), /convertOnce named .*(room|space)/i);
    } finally {
      spawnSync('umount', [full]);
    }
  });
});
