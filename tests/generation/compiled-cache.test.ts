// The cache of compiled models: the same numbers with it and without it, whatever happens to its files, to the model's
// files, and to the disk.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { after, before, beforeEach, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { loadCheckpoint } from '../../lib/checkpoint';
import { convertBlip } from '../../lib/convert';
import { compilePart, type GraphPart } from '../../lib/generation/compiled/compile-part';
import { loadOpenVINO, type Config, type OpenVINO } from '../../lib/openvino';
import { adaptAddon } from '../../lib/openvino/openvino-node';
import { imitateAddon } from '../openvino/imitation-addon';
import { projectRoot } from '../project-root';

const work = fs.mkdtempSync(path.join(os.tmpdir(), 'blip-compiled-'));
const models = path.join(work, 'models');
const xml = path.join(models, 'blip_vision_model.xml');
const bin = path.join(models, 'blip_vision_model.bin');
const native = loadOpenVINO();
const runtimes: readonly OpenVINO[] = [native, adaptAddon(imitateAddon(native))];
const saved = { ...process.env };
/** Files that changed this long ago get an entry. */
const SETTLED_MS = 2_100;

let cache = '';
const place = (): string => path.join(cache, 'compiled');
const entries = (): string[] => (fs.existsSync(place()) ? fs.readdirSync(place()).sort() : []);
const blobOf = (entry: string): string => {
  const folder = path.join(place(), entry);
  const name = fs.readdirSync(folder).find((each) => each.endsWith('.blob'));
  assert.ok(name, `a blob in ${folder}`);
  return path.join(folder, name);
};
const graphOf = (entry: string): string => path.join(cache, 'graphs', entry, path.basename(xml));
/** OpenVINO writes its files without permission to write. */
function damage(file: string, change: (bytes: Buffer) => Uint8Array): void {
  const bytes = change(fs.readFileSync(file));
  fs.chmodSync(file, 0o644);
  fs.writeFileSync(file, bytes);
}

interface Run {
  readonly values: Float32Array;
  /** Undefined where the runtime does not tell. */
  readonly fromCache: boolean | undefined;
}

async function run(properties: Config = {}, openvino = native, batch = 1): Promise<Run> {
  const core = new openvino.Core();
  const settings = { INFERENCE_PRECISION_HINT: 'f32', ...properties };
  const part: GraphPart = { openvino, core, xml, device: 'CPU', properties: settings, batch };
  const compiled = await compilePart(part);
  try {
    const fromCache =
      openvino === native ? /^(YES|true|1)$/.test(compiled.getProperty('LOADED_FROM_CACHE')) : undefined;
    const [, ...rest] = compiled.inputs[0].getPartialShape().map(Number);
    const pixels = Float32Array.from({ length: rest.reduce((a, b) => a * b) }, (_, i) => Math.sin(i));
    const request = compiled.createInferRequest();
    const { last_hidden_state } = request.infer({ pixel_values: new openvino.Tensor('f32', [1, ...rest], pixels) });
    const values = last_hidden_state.getData();
    request.dispose();
    assert.ok(values instanceof Float32Array);
    return { values, fromCache };
  } finally {
    compiled.dispose();
    core.dispose();
  }
}

describe('the cache of compiled models', () => {
  let expected: Float32Array = new Float32Array();
  before(async () => {
    const checkpoint = await loadCheckpoint(path.join(projectRoot(), 'tests', 'fixtures', 'checkpoints', 'vqa-odd'));
    await convertBlip(checkpoint, models);
    checkpoint.close();
    process.env.BLIP_COMPILED_CACHE_MB = '0';
    expected = (await run()).values;
    await sleep(SETTLED_MS);
  });
  beforeEach(() => {
    process.env = { ...saved };
    delete process.env.BLIP_COMPILED_CACHE_MB;
    cache = fs.mkdtempSync(path.join(work, 'cache-'));
    process.env.BLIP_CACHE = cache;
  });
  after(() => {
    process.env = saved;
    fs.rmSync(work, { recursive: true, force: true });
  });

  for (const openvino of runtimes)
    it(`is filled by the first load and read by the second, with the same numbers (${openvino.runtime})`, async () => {
      const tells = native.runtime === openvino.runtime;
      assert.deepEqual(await run({}, openvino), { values: expected, fromCache: tells ? false : undefined });
      const [entry, ...more] = entries();
      assert.deepEqual(more, []);
      const { size, ino } = fs.statSync(blobOf(entry));
      assert.ok(size < fs.statSync(bin).size + fs.statSync(xml).size);
      assert.deepEqual(await run({}, openvino), { values: expected, fromCache: tells ? true : undefined });
      assert.deepEqual(entries(), [entry]);
      assert.equal(fs.statSync(blobOf(entry)).ino, ino);
    });

  it('keeps an entry for each shape and each property', async () => {
    await run();
    await run({ INFERENCE_NUM_THREADS: 1 });
    await run({}, native, -1);
    assert.equal(entries().length, 3);
    assert.equal((await run({}, native, -1)).fromCache, true);
  });

  it('is left alone where the caller decides: CACHE_DIR, or a size of 0', async () => {
    const own = path.join(cache, 'own');
    assert.deepEqual(await run({ CACHE_DIR: '' }), { values: expected, fromCache: false });
    assert.deepEqual(await run({ CACHE_DIR: own }), { values: expected, fromCache: false });
    assert.equal(fs.readdirSync(own).length, 1);
    process.env.BLIP_COMPILED_CACHE_MB = '0';
    assert.deepEqual(await run(), { values: expected, fromCache: false });
    assert.deepEqual(entries(), []);
  });

  const damages: Readonly<Record<string, (entry: string) => void>> = {
    'a byte of the blob': (entry) =>
      damage(blobOf(entry), (bytes) => {
        bytes[bytes.length >> 1] ^= 255;
        return bytes;
      }),
    'half of the blob': (entry) => damage(blobOf(entry), (bytes) => bytes.subarray(0, bytes.length / 2)),
    'an empty blob': (entry) => damage(blobOf(entry), (bytes) => bytes.subarray(0, 0)),
    'a blob that is a folder': (entry) => {
      const blob = blobOf(entry);
      fs.rmSync(blob);
      fs.mkdirSync(blob);
    },
    'no blob': (entry) => fs.rmSync(blobOf(entry)),
    'a record that is no JSON': (entry) => fs.writeFileSync(path.join(place(), entry, 'compiled.json'), '{"file":'),
    'a record of something else': (entry) =>
      fs.writeFileSync(path.join(place(), entry, 'compiled.json'), '{"file":"../../x.blob","sha256":7}'),
    'no graph of a fixed size': (entry) => fs.rmSync(path.join(cache, 'graphs', entry), { recursive: true }),
    'half of that graph': (entry) => damage(graphOf(entry), (bytes) => bytes.subarray(0, bytes.length / 2)),
    'a graph of another size': (entry) =>
      damage(graphOf(entry), (bytes) => Buffer.from(String(bytes).replace('shape="1,', 'shape="2,'))),
    'a link to no weights': (entry) => {
      const link = graphOf(entry).replace('.xml', '.bin');
      fs.rmSync(link);
      fs.symlinkSync(path.join(work, 'nothing'), link);
      damage(blobOf(entry), (bytes) => bytes.subarray(0, 0));
    },
    'an entry that is a file': (entry) => {
      fs.rmSync(path.join(place(), entry), { recursive: true });
      fs.writeFileSync(path.join(place(), entry), 'not a folder');
    },
  };
  for (const [what, harm] of Object.entries(damages))
    it(`gives the right numbers, and mends itself: ${what}`, async () => {
      await run();
      const [entry] = entries();
      harm(entry);
      assert.deepEqual(await run(), { values: expected, fromCache: false });
      assert.deepEqual(await run(), { values: expected, fromCache: true });
      assert.deepEqual(entries(), [entry]);
    });

  it('survives a blob that is as its record says and that OpenVINO cannot read', async () => {
    await run();
    const [entry] = entries();
    const blob = blobOf(entry);
    damage(blob, (bytes) => bytes.fill(0));
    const { createHash } = await import('node:crypto');
    const sha256 = createHash('sha256').update(fs.readFileSync(blob)).digest('hex');
    fs.writeFileSync(path.join(place(), entry, 'compiled.json'), JSON.stringify({ file: path.basename(blob), sha256 }));
    assert.deepEqual((await run()).values, expected);
    assert.deepEqual((await run()).values, expected);
  });

  it('never serves a model that changed on disk, nor keeps one that changed just now', async () => {
    await run();
    const before = fs.readFileSync(bin);
    const stats = fs.statSync(bin);
    const [, offset, size] =
      /name="[^"]*patch_embedding\.weight[^"]*" type="Const"[^>]*>\s*<data [^>]*offset="(\d+)" size="(\d+)"/.exec(
        fs.readFileSync(xml, 'utf8'),
      ) ?? [];
    const other = Buffer.from(before);
    for (let i = Number(offset) + 1; i < Number(offset) + Number(size); i += 2) other[i] ^= 0x80; // the sign, in FP16
    fs.writeFileSync(bin, other);
    fs.utimesSync(bin, stats.atime, stats.mtime);
    const changed = await run();
    assert.equal(changed.fromCache, false);
    assert.notDeepEqual(changed.values, expected);
    assert.equal(entries().length, 1); // changed less than two seconds ago
    await sleep(SETTLED_MS);
    assert.deepEqual(await run(), changed);
    assert.deepEqual(await run(), { ...changed, fromCache: true });
    fs.writeFileSync(bin, before);
    assert.deepEqual((await run()).values, expected);
    await sleep(SETTLED_MS);
  });

  it('loads where the cache cannot be written', async () => {
    const file = path.join(work, 'a-file');
    fs.writeFileSync(file, '');
    for (const impossible of [file, path.join(file, 'below')]) {
      process.env.BLIP_CACHE = impossible;
      assert.deepEqual(await run(), { values: expected, fromCache: false });
    }
    fs.writeFileSync(path.join(cache, 'compiled'), ''); // a file where the folder should be
    process.env.BLIP_CACHE = cache;
    assert.deepEqual(await run(), { values: expected, fromCache: false });
  });

  it('removes what was not used for longest, what was left half done, and nothing of others', async () => {
    process.env.BLIP_COMPILED_CACHE_MB = '1';
    const put = (name: string, day: number): string => {
      const folder = path.join(place(), name);
      fs.mkdirSync(folder, { recursive: true });
      fs.writeFileSync(path.join(folder, '1.blob'), Buffer.alloc(400_000));
      fs.writeFileSync(path.join(folder, 'compiled.json'), '{}');
      const used = new Date(2026, 0, day);
      for (const each of [path.join(folder, 'compiled.json'), folder]) fs.utimesSync(each, used, used);
      return name;
    };
    const [older, old, newer] = [put('older', 1), put('old', 2), put('newer', 3)];
    put('killed.tmp', 1);
    await run();
    const left = entries();
    assert.ok(!left.includes(older) && !left.some((name) => name.endsWith('.tmp')), String(left));
    assert.ok(left.includes(old) && left.includes(newer) && left.length === 3, String(left));
  });

  const inLib = (file: string): string => JSON.stringify(path.join(projectRoot(), 'lib', file));
  const program = `
      const { compilePart } = require(${inLib('generation/compiled/compile-part.ts')});
      const openvino = require(${inLib('openvino')}).loadOpenVINO();
      compilePart({ openvino, core: new openvino.Core(), xml: ${JSON.stringify(xml)}, device: 'CPU',
        properties: { INFERENCE_PRECISION_HINT: 'f32' }, batch: 1 }).then(() => console.log('compiled'));`;

  it('keeps nothing of an entry that a full disk cut short', { skip: process.platform === 'win32' }, async () => {
    // A limit on the size of files cuts writes short as a full disk does: 4 or 8 KiB, of an entry with over 200
    const { stdout } = await promisify(execFile)(
      'sh',
      ['-c', 'ulimit -f 8; exec "$0" --import tsx -e "$1"', process.execPath, program],
      { cwd: projectRoot(), env: { ...process.env, TSX_DISABLE_CACHE: '1' } },
    );
    assert.equal(stdout, 'compiled\n');
    assert.deepEqual(entries(), []);
    assert.deepEqual(await run(), { values: expected, fromCache: false });
    assert.deepEqual(await run(), { values: expected, fromCache: true });
  });

  it('serves several processes that begin at the same time', async () => {
    const start = (): Promise<{ stdout: string }> =>
      promisify(execFile)(process.execPath, ['--import', 'tsx', '-e', program], { cwd: projectRoot() });
    for (const { stdout } of await Promise.all([start(), start(), start()])) assert.equal(stdout, 'compiled\n');
    assert.equal(entries().length, 1);
    assert.deepEqual(await run(), { values: expected, fromCache: true });
  });
});
