// Mapped weights leave the memory of the process, and what is computed stays the same.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { promisify } from 'node:util';
import { loadCheckpoint } from '../../lib/checkpoint';
import { convertBlip } from '../../lib/convert';
import { OVBlipModel } from '../../lib/generation';
import { loadOpenVINO, type InferRequest } from '../../lib/openvino';
import { releaseMapped } from '../../lib/openvino/mapped-weights';
import { projectRoot } from '../project-root';

const LINUX_ONLY = { skip: process.platform === 'linux' ? false : 'only Linux tells what is mapped' };
// A name that is more than one word, and not all ASCII
const folder = path.join(fs.mkdtempSync(path.join(os.tmpdir(), 'mapped-weights-')), 'zwei Möwen');
const xml = path.join(folder, 'blip_vision_model.xml');
const bin = path.join(folder, 'blip_vision_model.bin');
const openvino = loadOpenVINO();
const PARTS = ['vision_model', 'text_encoder', 'text_decoder'];

/** Bytes of a file that are mapped into this process now. */
function mappedBytes(file: string): number {
  let inside = false;
  let kilobytes = 0;
  for (const line of fs.readFileSync('/proc/self/smaps', 'utf8').split('\n')) {
    const [, name] = /^[0-9a-f]+-[0-9a-f]+ \S+ \S+ \S+ \d+ *(.*)$/.exec(line) ?? [];
    if (name !== undefined) inside = name === file;
    const [, size] = /^Rss: +(\d+) kB/.exec(line) ?? [];
    if (inside && size !== undefined) kilobytes += Number(size);
  }
  return kilobytes * 1024;
}

before(async () => {
  const checkpoint = await loadCheckpoint(path.join(projectRoot(), 'models', 'blip-scenes'));
  await convertBlip(checkpoint, folder);
  checkpoint.close();
});
after(() => fs.rmSync(path.dirname(folder), { recursive: true, force: true }));

describe('releaseMapped', () => {
  function infer(request: InferRequest): Float32Array {
    request.run();
    const data = request.getTensor('last_hidden_state').getData();
    assert.ok(data instanceof Float32Array);
    return Float32Array.from(data);
  }

  it('releases every page of the weights, and nothing of the result', LINUX_ONLY, () => {
    const model = new openvino.Core().compileModelSync(xml, 'CPU', { INFERENCE_PRECISION_HINT: 'f32' });
    const request = model.createInferRequest();
    const pixels = Float32Array.from({ length: 3 * 128 * 128 }, (_, i) => Math.sin(i));
    request.setTensor('pixel_values', new openvino.Tensor('f32', [1, 3, 128, 128], pixels));
    const expected = infer(request);
    const { size } = fs.statSync(bin);
    assert.ok(mappedBytes(bin) > size / 2, `${mappedBytes(bin)} of ${size}`);
    assert.ok((releaseMapped(bin) ?? 0) >= size);
    assert.equal(mappedBytes(bin), 0);
    assert.deepEqual(infer(request), expected);
    // Another shape packs again, from the file
    const two = new Float32Array(2 * pixels.length);
    two.set(pixels);
    two.set(pixels, pixels.length);
    request.setTensor('pixel_values', new openvino.Tensor('f32', [2, 3, 128, 128], two));
    const both = infer(request);
    for (let i = 0; i < expected.length; i++) assert.ok(Math.abs(both[i] - expected[i]) < 1e-3, `${i}: ${both[i]}`);
    request.dispose();
    model.dispose();
  });

  it('does nothing to files that are not mapped, are missing, or lie behind a file', LINUX_ONLY, () => {
    for (const file of [__filename, path.join(folder, 'missing.bin'), path.join(bin, 'below'), ''])
      assert.equal(releaseMapped(file), 0, file);
  });

  it('waits while another thread may unmap files', async () => {
    const core = new openvino.Core();
    const reading = core.compileModel(xml, 'CPU');
    assert.equal(releaseMapped(bin), undefined);
    (await reading).dispose();
    assert.notEqual(releaseMapped(bin), undefined);
    await assert.rejects(core.readModel(path.join(folder, 'missing.xml')));
    assert.notEqual(releaseMapped(bin), undefined);
  });

  it('leaves everything alone while another thread uses the library, whichever came first', LINUX_ONLY, async () => {
    const program = path.join(path.dirname(folder), 'threads.cjs');
    fs.writeFileSync(
      program,
      `const { Worker, isMainThread, parentPort } = require('node:worker_threads');
      const root = ${JSON.stringify(projectRoot())};
      require(root + '/node_modules/tsx/dist/cjs/index.cjs');
      let model;
      const load = () => {
        const openvino = require(root + '/lib/openvino').loadOpenVINO();
        model = new openvino.Core().compileModelSync(${JSON.stringify(xml)}, 'CPU');
        const { releaseMapped } = require(root + '/lib/openvino/mapped-weights');
        return () => releaseMapped(${JSON.stringify(bin)});
      };
      const start = () => new Promise((resolve, reject) => {
        const worker = new Worker(__filename, { execArgv: [] });
        worker.once('message', (inWorker) => resolve({ worker, inWorker })).once('error', reject);
      });
      const main = async () => {
        const early = process.argv[2] === 'worker' ? await start() : undefined;
        const release = load();
        const alone = early ? undefined : release();
        const { worker, inWorker } = early ?? (await start());
        const beside = release();
        worker.postMessage('end');
        await new Promise((resolve) => worker.once('exit', resolve));
        console.log(JSON.stringify({ alone, inWorker, beside, after: release() > 0 }));
      };
      if (isMainThread) main();
      else {
        parentPort.postMessage(load()());
        parentPort.once('message', () => process.exit());
      }`,
    );
    const run = async (first: string): Promise<unknown> => {
      const { stdout } = await promisify(execFile)(process.execPath, [program, first], { cwd: projectRoot() });
      return JSON.parse(stdout);
    };
    const { size } = fs.statSync(bin);
    const pages = Math.ceil(size / 4096) * 4096;
    assert.deepEqual(await run('main'), { alone: pages, inWorker: 0, beside: 0, after: true });
    assert.deepEqual(await run('worker'), { inWorker: pages, beside: 0, after: true });
  });

  it('is seen by a second copy of the library in the same thread', LINUX_ONLY, async () => {
    const file = require.resolve('../../lib/openvino/mapped-weights');
    const model = new openvino.Core().compileModelSync(xml, 'CPU');
    const first = require.cache[file];
    delete require.cache[file];
    const copy: typeof import('../../lib/openvino/mapped-weights') = require(file);
    require.cache[file] = first;
    assert.notEqual(copy.releaseMapped, releaseMapped);
    assert.ok((copy.releaseMapped(bin) ?? 0) > 0);
    await copy.whileMapping(async () => assert.equal(releaseMapped(bin), undefined));
    assert.ok((releaseMapped(bin) ?? 0) > 0);
    model.dispose();
  });
});

describe('a model that has run once', () => {
  it('no longer holds its weights twice, and says the same', LINUX_ONLY, async () => {
    const model = await OVBlipModel.load(folder);
    const pixels = Float32Array.from({ length: 3 * 128 * 128 }, (_, i) => Math.cos(i));
    const inputs = { pixel_values: { data: pixels, dims: [1, 3, 128, 128] } } as const;
    const question = { input_ids: BigInt64Array.of(2n, 9n, 3n), attention_mask: BigInt64Array.of(1n, 1n, 1n) };
    const say = async (): Promise<unknown> => [
      await model.generateCaption(inputs),
      await model.generateAnswer({ ...inputs, ...question }),
    ];
    const first = await say();
    await new Promise((resolve) => setTimeout(resolve, 500));
    for (const part of PARTS) {
      const file = path.join(folder, `blip_${part}.bin`);
      const { size } = fs.statSync(file);
      assert.ok(mappedBytes(file) < size / 4, `${part}: ${mappedBytes(file)} of ${size}`);
    }
    assert.deepEqual(await say(), first);
    model.dispose();
  });
});
