// Which runtime is found and loaded, and what the error says when none is: in projects of their own that hold what a
// case needs.
import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { after, test } from 'node:test';
import { Worker } from 'node:worker_threads';
import { findRuntimes } from '../../lib/openvino';
import { writeFakeAddon } from './fake-addon';
import { makeProject, runIn } from './run-in-project';

const ROOT = path.join(__dirname, '..', '..');
const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'load-openvino-'));
after(() => fs.rmSync(folder, { recursive: true, force: true }));
const project = (name: string): string => makeProject(path.join(folder, name));
const present = findRuntimes();

const LOAD = 'const { runtime, version } = ov.loadOpenVINO(); console.log(runtime, version);';
const FIND = 'console.log(ov.findRuntimes().map((r) => r.runtime).join());';

test('neither runtime: the error names the places and the command', () => {
  const [found, none, c, node, unknown, option] = runIn(
    project('bare'),
    [FIND],
    [LOAD],
    [LOAD, { BLIP_OPENVINO_RUNTIME: 'c-api' }],
    [LOAD, { BLIP_OPENVINO_RUNTIME: 'openvino-node' }],
    [LOAD, { BLIP_OPENVINO_RUNTIME: 'onnx' }],
    ['ov.loadOpenVINO({ runtime: "c-api" })', { BLIP_OPENVINO_RUNTIME: 'openvino-node' }],
  );
  assert.equal(found, '');
  assert.match(none, /^OpenVINONotFoundError: OpenVINO not found \(present: none\)/);
  assert.match(
    none,
    /^- npm package openvino-node .*^- \.venv at or above .*^- python3, python on the path \(none runs\)$/ms,
  );
  assert.match(none, /Run: \S+ -m venv .venv && \S+ -m pip install openvino\..*BLIP_OPENVINO_LIBS/);
  assert.match(c, /"c-api" not found \(present: none\).*pip install openvino/s);
  assert.match(
    node,
    /"openvino-node" not found.*node_modules.openvino-node.scripts.download-runtime\.js.*BLIP_OPENVINO_RUNTIME=c-api/s,
  );
  assert.match(unknown, /runtime "onnx" does not exist\. Expected .*c-api or openvino-node/);
  assert.match(option, /"c-api" not found/, 'the option is stronger than the variable');
});

test('openvino-node is preferred where its binary is, either can be forced, a failure to load is explained', () => {
  const root = project('both');
  const addon = path.join(root, 'node_modules', 'openvino-node');
  const libs = path.join(root, '.venv', 'lib', 'python3.99', 'site-packages', 'openvino', 'libs');
  writeFakeAddon(addon);
  fs.mkdirSync(libs, { recursive: true });
  for (const name of ['libopenvino_c.so.2641', 'libopenvino.so.2641']) fs.writeFileSync(path.join(libs, name), '');
  const [both, node, forced, same, c] = runIn(
    root,
    [FIND],
    [LOAD],
    [LOAD, { BLIP_OPENVINO_RUNTIME: 'openvino-node' }],
    ['console.log(ov.loadOpenVINO() === ov.loadOpenVINO())'],
    [LOAD, { BLIP_OPENVINO_RUNTIME: 'c-api' }],
  );
  assert.equal(both, 'openvino-node,c-api');
  assert.equal(node, 'openvino-node imitated');
  assert.equal(forced, 'openvino-node imitated');
  assert.equal(same, 'true');
  assert.match(
    c,
    /^OpenVINONotFoundError: .*libopenvino_c\.so\.2641: OpenVINO is there but does not load: .*Run: .*pip install/s,
  );

  fs.rmSync(path.join(addon, 'bin'), { recursive: true });
  const [found, none] = runIn(root, [FIND], [LOAD, { BLIP_OPENVINO_RUNTIME: 'openvino-node' }]);
  assert.equal(found, 'c-api', 'the package without its binary does not count');
  assert.match(none, /openvino-node.bin \(without .*node \S*openvino-node.scripts.download-runtime\.js/);
});

test('BLIP_OPENVINO_LIBS names another folder, and must hold the library', () => {
  const elsewhere = path.join(folder, 'elsewhere');
  fs.mkdirSync(elsewhere);
  for (const name of ['libopenvino_c.so.2630', 'libopenvino_c.so.2641', 'libopenvino.so.2650', 'libopenvino_c.so.txt'])
    fs.writeFileSync(path.join(elsewhere, name), '');
  const [found, missing] = runIn(
    project('libs'),
    ['console.log(ov.findRuntimes().map((r) => r.path).join())', { BLIP_OPENVINO_LIBS: elsewhere }],
    [LOAD, { BLIP_OPENVINO_LIBS: folder }],
  );
  assert.equal(found, path.join(elsewhere, 'libopenvino_c.so.2641'));
  assert.match(
    missing,
    /^OpenVINONotFoundError: BLIP_OPENVINO_LIBS=.*: no OpenVINO C library there.*unset the variable/,
  );
});

test("koffi's native part does not load: our error with the command, when OpenVINO is loaded and not before", () => {
  const root = project('no-koffi');
  const libs = path.join(folder, 'some-libs');
  fs.mkdirSync(libs);
  fs.writeFileSync(path.join(libs, 'libopenvino_c.so.2641'), '');
  fs.rmSync(path.join(root, 'node_modules', 'koffi'));
  // Without @koromix beside it
  fs.cpSync(path.join(ROOT, 'node_modules', 'koffi'), path.join(root, 'node_modules', 'koffi'), { recursive: true });
  const [missing, node] = runIn(
    root,
    [LOAD, { BLIP_OPENVINO_LIBS: libs }],
    [LOAD, { BLIP_OPENVINO_LIBS: libs, BLIP_OPENVINO_RUNTIME: 'openvino-node' }],
  );
  assert.match(
    missing,
    /^OpenVINONotFoundError: .*koffi, .* does not load on \w+ \w+: .*Run: npm install --include=optional$/,
  );
  assert.match(node, /"openvino-node" not found \(present: c-api\)/, 'the other runtime needs no koffi');
});

const library = present.find(({ runtime }) => runtime === 'c-api');

test('the C API from any folder, in a module evaluated twice, and forced', { skip: !library }, () => {
  const libs = { BLIP_OPENVINO_LIBS: path.dirname(library?.path ?? '') };
  const twice = `const first = ov.loadOpenVINO();
    for (const file of Object.keys(require.cache))
      if (file.includes('openvino') && !file.includes('node_modules')) delete require.cache[file];
    const second = require('./lib/openvino').loadOpenVINO();
    const tensors = [first, second].map((one) => new one.Tensor('f32', [2], Float32Array.of(1, 2)).data.join('+'));
    console.log(first === second, ...tensors, new second.Core().getAvailableDevices().includes('CPU'));`;
  const [forced, again] = runIn(project('twice'), [LOAD, { ...libs, BLIP_OPENVINO_RUNTIME: 'c-api' }], [twice, libs]);
  assert.match(forced, /^c-api \d{4}\./);
  assert.equal(again, 'false 1+2 1+2 true');
});

test('in worker threads, beside the main one', { skip: !library }, async () => {
  const code = `
    const { parentPort } = require('node:worker_threads');
    require(${JSON.stringify(path.join(ROOT, 'node_modules', 'tsx', 'dist', 'cjs', 'index.cjs'))});
    const { loadOpenVINO } = require(${JSON.stringify(path.join(ROOT, 'lib', 'openvino'))});
    const ov = loadOpenVINO({ runtime: 'c-api' });
    const { data } = new ov.Tensor('i64', [1], BigInt64Array.of(5n));
    parentPort.postMessage([new ov.Core().getAvailableDevices().includes('CPU'), data[0]]);`;
  const answers = await Promise.all(
    [0, 1].map(
      () =>
        new Promise((resolve, reject) =>
          new Worker(code, { eval: true }).once('message', resolve).once('error', reject),
        ),
    ),
  );
  assert.deepEqual(answers, [
    [true, 5n],
    [true, 5n],
  ]);
});
