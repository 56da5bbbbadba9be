// Models of equal files share what OpenVINO compiled of them, and none of them notices: not when another one is
// disposed of, generates at the same time, is damaged, or is written anew.
import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { after, before, beforeEach, describe, it } from 'node:test';
import { loadCheckpoint } from '../../lib/checkpoint';
import { convertBlip } from '../../lib/convert';
import { OVBlipModel, type ImageEmbeds, type LoadModelOptions } from '../../lib/generation';
import { loadOpenVINO, type Config, type CompiledModel, type Model, type OpenVINO } from '../../lib/openvino';
import { adaptAddon } from '../../lib/openvino/openvino-node';
import { collectGarbage } from '../openvino/collect-garbage';
import { imitateAddon } from '../openvino/imitation-addon';
import { projectRoot } from '../project-root';

const work = fs.mkdtempSync(path.join(os.tmpdir(), 'blip-shared-'));
const [first, copy, attentions, other] = ['first', 'copy', 'attentions', 'other'].map((name) => path.join(work, name));
const native = loadOpenVINO();
/** File names of the graphs that were compiled, in order. */
let compiled: string[] = [];

/** OpenVINO that notes what it compiles. The vision model is compiled from a graph that was read. */
function noting(openvino: OpenVINO): OpenVINO {
  class Core extends openvino.Core {
    override compileModel(model: Model | string, device: string, config?: Config): Promise<CompiledModel> {
      compiled.push(typeof model === 'string' ? path.basename(model, '.xml') : 'blip_vision_model');
      return super.compileModel(model, device, config);
    }
  }
  return { ...openvino, Core };
}

const openvino = noting(native);
const load = (folder: string, options: LoadModelOptions = {}): Promise<OVBlipModel> =>
  OVBlipModel.load(folder, { openvino, ...options, properties: { CACHE_DIR: '', ...options.properties } });

const ALL = ['blip_text_decoder', 'blip_text_encoder', 'blip_vision_model'];
const sorted = (): string[] => [...compiled].sort();

const { image_size } = JSON.parse(
  fs.readFileSync(path.join(projectRoot(), 'tests/fixtures/checkpoints/vqa-odd/config.json'), 'utf8'),
).vision_config;
const pixels = Float32Array.from({ length: 3 * image_size * image_size }, (_, i) => Math.sin(i));
const inputs = { pixel_values: { data: pixels, dims: [1, 3, image_size, image_size] } } as const;
const question = { input_ids: BigInt64Array.of(2n, 9n, 3n), attention_mask: BigInt64Array.of(1n, 1n, 1n) };
const LONG = { max_new_tokens: 12, min_new_tokens: 12 };

/** Everything that a model writes about an image. */
async function write(model: OVBlipModel, image_embeds: ImageEmbeds): Promise<unknown> {
  const { sequences, probabilities } = await model.generateCaption(
    { image_embeds },
    { ...LONG, return_dict_in_generate: true, output_probabilities: true },
  );
  return [sequences, probabilities, await model.generateAnswer({ image_embeds, ...question })];
}

const say = async (model: OVBlipModel): Promise<unknown> => write(model, await model.encodeImage(inputs));

async function convert(folder: string, name = 'vqa-odd', output_attentions = false): Promise<void> {
  const checkpoint = await loadCheckpoint(path.join(projectRoot(), 'tests', 'fixtures', 'checkpoints', name));
  await convertBlip(checkpoint, folder, { output_attentions });
  checkpoint.close();
}

/** Other weights in the same file: the sign of each. */
function damage(folder: string): void {
  const bin = path.join(folder, 'blip_vision_model.bin');
  const [, offset, size] =
    /name="[^"]*patch_embedding\.weight[^"]*" type="Const"[^>]*>\s*<data [^>]*offset="(\d+)" size="(\d+)"/.exec(
      fs.readFileSync(bin.replace(/bin$/, 'xml'), 'utf8'),
    ) ?? [];
  const bytes = fs.readFileSync(bin);
  for (let i = Number(offset) + 1; i < Number(offset) + Number(size); i += 2) bytes[i] ^= 0x80;
  fs.writeFileSync(bin, bytes);
}

describe('models of equal files', () => {
  let expected: unknown;
  before(async () => {
    await convert(first);
    await convert(copy);
    await convert(attentions, 'vqa-odd', true);
    const model = await load(first, { openvino: noting(native) });
    expected = await say(model);
    model.dispose();
  });
  beforeEach(() => {
    compiled = [];
  });
  after(() => fs.rmSync(work, { recursive: true, force: true }));

  it('are compiled once, in one folder or two, and freed with the last', async () => {
    const models = [await load(first), await load(first), await load(copy)];
    assert.deepEqual(sorted(), ALL);
    for (const model of models) {
      assert.deepEqual(await say(model), expected);
      model.dispose();
      model.dispose(); // no more than once
      await assert.rejects(model.generateCaption(inputs), /disposed/);
    }
    const again = await load(copy);
    assert.equal(compiled.length, 6);
    assert.deepEqual(await say(again), expected);
    again.dispose();
  });

  it('are compiled once when they are loaded at the same time', async () => {
    const models = await Promise.all([load(first), load(copy), load(first)]);
    assert.deepEqual(sorted(), ALL);
    models[0].dispose();
    assert.deepEqual(await Promise.all(models.slice(1).map(say)), [expected, expected]);
    for (const model of models) model.dispose();
  });

  it('share the vision model with one that has attention', async () => {
    const [plain, looking] = [await load(first), await load(attentions)];
    const texts = ['blip_text_encoder', 'blip_text_decoder'];
    assert.deepEqual(compiled, ['blip_vision_model', ...texts, ...texts]);
    const alone = await say(looking);
    plain.dispose();
    assert.deepEqual(await say(looking), alone);
    const image_embeds = await looking.encodeImage(inputs);
    const [ids] = await looking.generateCaption({ image_embeds }, LONG);
    assert.equal((await looking.traceSequence({ image_embeds }, ids)).steps.length, ids.length - 1);
    looking.dispose();
  });

  it('generate at the same time, each on a decoder of its own from then on', async () => {
    const [a, b] = [await load(first), await load(copy)];
    const image = await a.encodeImage(inputs);
    const both = await Promise.all([write(a, image), write(b, image), write(a, image), write(b, image)]);
    assert.deepEqual(both, [expected, expected, expected, expected]);
    assert.deepEqual(sorted(), ['blip_text_decoder', ...ALL]);
    assert.deepEqual(await Promise.all([write(b, image), write(a, image)]), [expected, expected]);
    assert.equal(compiled.length, 4);
    a.dispose();
    assert.deepEqual(await say(b), expected);
    b.dispose();
  });

  it('wait for their turn where a decoder of their own cannot be compiled', async () => {
    const folders = ['gone', 'gone-too'].map((name) => path.join(work, name));
    for (const folder of folders) fs.cpSync(first, folder, { recursive: true });
    const [a, b] = [await load(folders[0]), await load(folders[1])];
    assert.deepEqual(sorted(), ALL);
    for (const folder of folders) fs.rmSync(folder, { recursive: true });
    const image = await a.encodeImage(inputs);
    const all = await Promise.all([write(a, image), write(b, image), write(b, image)]);
    assert.deepEqual(all, [expected, expected, expected]);
    assert.deepEqual(sorted(), ALL);
    for (const model of [a, b]) model.dispose();
  });

  it('end as they would alone when one is disposed of while both work', async () => {
    const [a, b] = [await load(first), await load(copy)];
    const [ended, working] = [a.generateCaption(inputs, LONG), say(b)];
    ended.catch(() => undefined);
    a.dispose();
    assert.deepEqual(await working, expected);
    await ended.catch((error: unknown) => assert.match(String(error), /dispose/));
    b.dispose();
  });

  it('stay apart with other properties, another OpenVINO, or threads of their own', async () => {
    const options: LoadModelOptions[] = [
      {},
      { properties: { PERFORMANCE_HINT_NUM_REQUESTS: 1 } },
      { properties: { INFERENCE_NUM_THREADS: 1 } },
      { properties: { INFERENCE_NUM_THREADS: 1 } },
      { openvino: noting(native) },
      { openvino: noting(adaptAddon(imitateAddon(native))) },
    ];
    const models: OVBlipModel[] = [];
    for (const each of options) models.push(await load(first, each));
    assert.equal(compiled.length, 3 * options.length);
    for (const model of models) model.dispose();
  });

  it('are none where the files are not what their manifest says', async () => {
    const harmed = path.join(work, 'harmed');
    fs.cpSync(first, harmed, { recursive: true });
    damage(harmed);
    for (const order of [
      [harmed, first],
      [first, harmed],
    ]) {
      const settled = await Promise.allSettled(order.map((folder) => load(folder)));
      const [failed] = settled.filter((each) => each.status === 'rejected');
      assert.match(String(failed?.reason), /harmed.*blip_vision_model\.bin/s);
      const [loaded] = settled.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []));
      await assert.rejects(load(harmed), /blip_vision_model\.bin/);
      assert.deepEqual(await say(loaded), expected);
      loaded.dispose();
    }
  });

  it('are none without a manifest, but for the same file', async () => {
    const folders = ['bare', 'bare-too'].map((name) => path.join(work, name));
    for (const folder of folders) {
      fs.cpSync(first, folder, { recursive: true });
      fs.rmSync(path.join(folder, 'blip_manifest.json'));
    }
    const [bare, too] = folders;
    const fresh = [await load(bare), await load(bare)]; // changed just now: may change again under the same time
    assert.equal(compiled.length, 6);
    for (const model of fresh) model.dispose();
    await new Promise((resolve) => setTimeout(resolve, 2_100));
    const models = [await load(bare), await load(bare), await load(too)];
    assert.equal(compiled.length, 12);
    damage(bare);
    const changed = await load(bare);
    assert.notDeepEqual(await say(changed), expected);
    for (const model of models) assert.deepEqual(await say(model), expected);
    for (const model of [...models, changed]) model.dispose();
  });

  it('are other models when a folder is written anew', async () => {
    await convert(other);
    const old = await load(other);
    damage(other);
    fs.rmSync(path.join(other, 'blip_manifest.json'));
    await convert(other); // the same bytes as before, in new files
    const again = await load(other);
    assert.equal(compiled.length, 6);
    for (const model of [old, again]) {
      assert.deepEqual(await say(model), expected);
      model.dispose();
    }
  });

  it('all fail, and none is left, where a graph cannot be compiled', async () => {
    const properties = { NO_SUCH_PROPERTY: 'x' };
    const settled = await Promise.allSettled([load(first, { properties }), load(copy, { properties })]);
    for (const each of settled) assert.equal(each.status, 'rejected');
    await assert.rejects(load(first, { properties }), /NO_SUCH_PROPERTY/);
    const model = await load(first);
    assert.deepEqual(await say(model), expected);
    model.dispose();
  });

  it('are collected where dispose is forgotten, and then compiled anew', async () => {
    await (async () => void (await load(first)))();
    await collectGarbage();
    compiled = [];
    const model = await load(copy);
    assert.deepEqual(sorted(), ALL);
    model.dispose();
  });
});
