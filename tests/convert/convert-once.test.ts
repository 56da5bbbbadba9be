// A checkpoint is converted into the cache once: whole or not at all, by one process, and again only when something is
// another.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { after, beforeEach, describe, it } from 'node:test';
import { CheckpointError, loadCheckpoint } from '../../lib/checkpoint';
import { convertBlip, convertOnce, ConvertOnceError, modelCacheFolder } from '../../lib/convert';
import { OptionsError } from '../../lib/core/check-options';
import type { Progress } from '../../lib/core/progress';
import { modelDtype } from '../../lib/model-folder';
import { projectRoot } from '../project-root';

const FIXTURE = path.join(projectRoot(), 'tests', 'fixtures', 'checkpoints', 'vqa-f16');
const work = fs.realpathSync(fs.mkdtempSync(path.join(os.tmpdir(), 'convert-once-')));
const saved = process.env.BLIP_CACHE;
let cache = '';
let checkpoint = '';
let count = 0;

beforeEach(() => {
  cache = path.join(work, `cache-${++count}`);
  process.env.BLIP_CACHE = cache;
  checkpoint = path.join(work, `checkpoint-${count}`);
  fs.cpSync(FIXTURE, checkpoint, { recursive: true });
});
after(() => {
  if (saved === undefined) delete process.env.BLIP_CACHE;
  else process.env.BLIP_CACHE = saved;
  fs.rmSync(work, { recursive: true, force: true });
});

/** The folder, and whether this call converted. */
async function convert(source = checkpoint, options = {}): Promise<{ folder: string; converted: boolean }> {
  const seen: Progress[] = [];
  const folder = await convertOnce(source, { ...options, progress_callback: (each) => seen.push(each) });
  return { folder, converted: seen.some(({ status }) => status === 'convert') };
}

/** Every file below the cache, without what says that a folder is complete. */
function files(): string[] {
  if (!fs.existsSync(cache)) return [];
  return fs
    .readdirSync(cache, { recursive: true, withFileTypes: true })
    .flatMap((each) => (each.isFile() ? [each.name] : []));
}

describe('a file of weights', () => {
  it('is converted once, and again when it is another', async () => {
    const folder = path.join(work, `original-${count}`);
    fs.cpSync(path.join(FIXTURE, '..', '..', 'pytorch', 'vqa-original'), folder, { recursive: true });
    const source = path.join(folder, 'model_base.pth');
    const first = await convert(source);
    assert.deepEqual(
      [first.converted, path.dirname(first.folder)],
      [true, path.join(cache, 'models', 'model_base.pth')],
    );
    fs.writeFileSync(path.join(folder, 'notes.txt'), 'not a file of the checkpoint');
    assert.equal((await convert(source)).converted, false);
    fs.copyFileSync(path.join(FIXTURE, '..', '..', 'pytorch', 'vqa-bin', 'pytorch_model.bin'), source);
    assert.equal((await convert(source)).converted, true);
  });
});

describe('convertOnce', () => {
  it('converts at the first call: the same files as convertBlip, below the cache alone', async () => {
    const first = await convert();
    assert.deepEqual(
      [first.converted, path.dirname(first.folder)],
      [true, path.join(cache, 'models', path.basename(checkpoint))],
    );
    assert.deepEqual(await convert(), { folder: first.folder, converted: false });
    const loaded = await loadCheckpoint(checkpoint);
    const direct = await convertBlip(loaded, path.join(work, `direct-${count}`));
    loaded.close();
    const names = fs.readdirSync(direct.folder).sort();
    assert.deepEqual(fs.readdirSync(first.folder).sort(), names);
    for (const name of names.filter((each) => each.endsWith('.bin')))
      assert.ok(
        fs.readFileSync(path.join(first.folder, name)).equals(fs.readFileSync(path.join(direct.folder, name))),
        name,
      );
    assert.deepEqual(fs.readdirSync(checkpoint).sort(), fs.readdirSync(FIXTURE).sort());
    assert.deepEqual(
      fs.readdirSync(path.dirname(first.folder)),
      [path.basename(first.folder)],
      'no lock, no leftovers',
    );
  });

  it('converts again for another dtype, and for other weights of the same size and date', async () => {
    const { folder: half } = await convert();
    const { folder: full } = await convert(checkpoint, { dtype: 'fp32' });
    assert.deepEqual([await modelDtype(half), await modelDtype(full)], ['fp16', 'fp32']);
    const weights = path.join(checkpoint, 'model.safetensors');
    const { atime, mtime } = fs.statSync(weights);
    const bytes = fs.readFileSync(weights);
    bytes[bytes.length - 1] ^= 1;
    fs.writeFileSync(weights, bytes);
    fs.utimesSync(weights, atime, mtime);
    const changed = await convert();
    assert.ok(changed.converted && changed.folder !== half);
  });

  it('knows a checkpoint of the hub by its commit, wherever its files are, and needs no weights any more', async () => {
    const places = ['one', 'two'].map((name) =>
      path.join(work, `${name}-${count}`, 'snapshots', '0123456789abcdef'.repeat(3).slice(0, 40)),
    );
    for (const place of places) fs.cpSync(FIXTURE, place, { recursive: true });
    const { folder } = await convert(places[0]);
    fs.rmSync(path.join(places[1], 'model.safetensors'));
    assert.deepEqual(await convert(places[1]), { folder, converted: false });
  });

  it('converts again what lacks a file or was cut', async () => {
    const { folder } = await convert();
    const damage = [
      () => fs.rmSync(path.join(folder, 'blip_text_decoder.bin')),
      () => fs.truncateSync(path.join(folder, 'blip_vision_model.bin'), 10),
      () => fs.writeFileSync(path.join(folder, 'blip_manifest.json'), '{"files":'),
      () => fs.rmSync(path.join(folder, 'blip_manifest.json')),
    ];
    for (const each of damage) {
      each();
      assert.deepEqual(await convert(), { folder, converted: true });
      assert.deepEqual(await convert(), { folder, converted: false });
    }
  });

  it('takes a folder of converted models as it is, unless dtype says something else', async () => {
    const { folder } = await convert();
    assert.equal(await convertOnce(folder), folder);
    assert.equal(await convertOnce(folder, { dtype: 'fp16' }), folder);
    await assert.rejects(convertOnce(folder, { dtype: 'int8' }), (error: unknown) => {
      assert.ok(error instanceof ConvertOnceError);
      assert.match(error.message, /models are fp16, but dtype is "int8"\. .*quantizeBlip/);
      return error.message.includes(folder);
    });
  });

  it('finds an INT8 model where it was made, and says how else', async () => {
    await assert.rejects(
      convertOnce(checkpoint, { dtype: 'int8' }),
      /no INT8 model was made of it.*quantizeBlip\(.*int8-/,
    );
    const { folder } = await convert();
    const int8 = await modelCacheFolder(checkpoint, { dtype: 'int8' });
    fs.cpSync(folder, int8, { recursive: true }); // stands for what quantizeBlip writes
    assert.equal(await convertOnce(checkpoint, { dtype: 'int8' }), int8);
  });

  it('refuses what it does not know before it does anything', async () => {
    const dtype: object = { dtype: 'q4' };
    await assert.rejects(convertOnce(checkpoint, dtype), /dtype is "q4"; expected one of fp16, fp32, int8/);
    const nothing: unknown = undefined;
    await assert.rejects(convertOnce(nothing as string), /idOrFolder is undefined/);
    const option: object = { quantized: true };
    await assert.rejects(convertOnce(checkpoint, option), OptionsError);
    await assert.rejects(convertOnce(path.join(work, 'nowhere')), CheckpointError);
    assert.deepEqual(files(), []);
  });

  it('leaves nothing of a conversion that is refused or cancelled', async () => {
    const refuse = (): never => {
      throw new RangeError('not this one');
    };
    await assert.rejects(convertOnce(checkpoint, {}, refuse), /not this one/);
    const light = path.join(work, `light-${count}`); // as from the hub, before its weights are fetched
    fs.mkdirSync(light);
    fs.copyFileSync(path.join(checkpoint, 'config.json'), path.join(light, 'config.json'));
    await assert.rejects(convertOnce(light, {}, refuse), /not this one/);
    const controller = new AbortController();
    const cancel = (): void => controller.abort(new Error('changed my mind'));
    await assert.rejects(
      convertOnce(checkpoint, { signal: controller.signal, progress_callback: cancel }),
      /changed my mind/,
    );
    assert.deepEqual(files(), []);
    assert.ok((await convert()).converted);
  });

  it('names BLIP_CACHE where the cache cannot be written', async () => {
    fs.writeFileSync(cache, 'a file');
    await assert.rejects(convertOnce(checkpoint), (error: unknown) => {
      assert.ok(error instanceof ConvertOnceError);
      return /EEXIST|ENOTDIR/.test(error.message) && error.message.includes('BLIP_CACHE');
    });
  });

  it('removes what other versions of the converter left and nobody uses', async () => {
    const { folder } = await convert();
    const other = folder.replace(/[^-]*$/, '00000000');
    for (const place of [other, folder.replace('fp16-', 'int8-')]) fs.cpSync(folder, place, { recursive: true });
    const old = new Date(Date.now() - 40 * 24 * 3_600_000);
    fs.utimesSync(path.join(other, 'blip_manifest.json'), old, old);
    fs.rmSync(folder, { recursive: true });
    await convert();
    const left = fs.readdirSync(path.dirname(folder)).sort();
    assert.deepEqual(left, [path.basename(folder), path.basename(folder).replace('fp16-', 'int8-')].sort());
  });
});

describe('processes that want the same model', () => {
  const tsx = path.join(projectRoot(), 'node_modules', 'tsx', 'dist', 'loader.mjs');
  /** A process that converts and prints every progress status, and the folder. */
  function start(slow = false) {
    const script = `
      const { convertOnce } = require('./lib/convert');
      const wait = () => { const end = Date.now() + 60000; while (${slow} && Date.now() < end); };
      const progress_callback = ({ status }) => { console.log(status); wait(); };
      convertOnce(${JSON.stringify(checkpoint)}, { progress_callback })
        .then((folder) => console.log('folder ' + folder), (error) => console.log('failed ' + error));`;
    const env = { ...process.env, BLIP_CACHE: cache };
    const child = spawn(process.execPath, ['--import', tsx, '-e', script], {
      cwd: projectRoot(),
      env,
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let output = '';
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => (output += chunk));
    return { child, ended: once(child, 'close').then(() => output) };
  }

  it('let one convert and take what it made', async () => {
    const outputs = await Promise.all([start(), start(), start()].map(({ ended }) => ended));
    const folders = outputs.map((output) => /^folder (.*)$/m.exec(output)?.[1]);
    assert.ok(folders[0], outputs[0]);
    assert.equal(new Set(folders).size, 1);
    assert.equal(outputs.filter((output) => /^convert$/m.test(output)).length, 1, outputs.join('---\n'));
    assert.deepEqual(await convert(), { folder: folders[0], converted: false });
  });

  it('go on from one that was killed in the middle', async () => {
    const { child, ended } = start(true);
    await once(child.stdout, 'data');
    child.kill('SIGKILL');
    await ended;
    assert.ok(
      fs.readdirSync(path.join(cache, 'models', path.basename(checkpoint))).some((name) => name.endsWith('.lock')),
    );
    assert.ok((await convert()).converted);
  });
});
