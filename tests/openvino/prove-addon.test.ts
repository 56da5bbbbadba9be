// openvino-node's binary is proved in a process of its own: what a failed download leaves never takes a program down.
import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { after, test } from 'node:test';
import { findRuntimes } from '../../lib/openvino';
import { FAULTS, writeFakeAddon, type Fault } from './fake-addon';
import { makeProject, runIn } from './run-in-project';

const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'prove-addon-'));
after(() => fs.rmSync(folder, { recursive: true, force: true }));
const library = findRuntimes().find(({ runtime }) => runtime === 'c-api');
const root = makeProject(path.join(folder, 'project'));
const addon = path.join(root, 'node_modules', 'openvino-node');
const loads = path.join(folder, 'loads');
const cache = path.join(folder, 'cache');
const env = { BLIP_CACHE: cache, LOADS: loads };
const libs = { ...env, BLIP_OPENVINO_LIBS: path.dirname(library?.path ?? '') };

const LOAD = 'console.log(ov.loadOpenVINO().runtime);';
/** The same, and what the process was warned of, once all warnings were sent. */
const WARNED = `const warnings = []; const emit = process.emitWarning;
  process.emitWarning = (text, { code }) => warnings.push(code + ': ' + text);
  const runtimes = [ov.loadOpenVINO().runtime, ov.loadOpenVINO().runtime];
  process.emitWarning = emit;
  console.log(runtimes.join(), warnings.length, warnings.join());`;

/** What the message says of each fault. */
const SAYS: Readonly<Record<Exclude<Fault, 'none'>, RegExp>> = {
  'cut short': /ends the process with SIGBUS: its files are incomplete, damaged/,
  'cut short, behind a shell': /ends the process with code 135/,
  'wrong architecture': /wrong ELF class/,
  'newer GLIBC': /GLIBC_2\.99/,
  'no libopenvino': /libopenvino\.so\.2641: cannot open/,
  'no CPU plugin': /no CPU device \(its CPU plugin is missing; devices: none\)/,
  'other results': /a test model gives 3,6, expected 2,4/,
  'dies at its end': /ends the process with SIGSEGV/,
  'something else': /expected the addon's Core and Tensor/,
};

const faults = Object.entries(SAYS).filter(([fault]) => fault in FAULTS);
for (const [fault, pattern] of faults)
  test(`${fault}: the next runtime is taken, said once; forced, it is an error`, {
    skip: !library || process.platform === 'win32',
  }, () => {
    fs.rmSync(addon, { recursive: true, force: true });
    writeFakeAddon(addon, fault as Fault);
    const [taken, forced] = runIn(root, [WARNED, libs], [LOAD, { ...libs, BLIP_OPENVINO_RUNTIME: 'openvino-node' }]);
    assert.match(taken, /^c-api,c-api 1 BLIP_OPENVINO_RUNTIME: .*openvino-node: OpenVINO is there but does not load: /);
    assert.match(taken, pattern);
    assert.match(taken, /node node_modules.openvino-node.scripts.download-runtime\.js.*runs through the C API/);
    assert.match(forced, /^OpenVINONotFoundError: /);
    assert.match(forced, pattern);
  });

test('an addon that works: its test model runs in OpenVINO', { skip: !library }, () => {
  fs.rmSync(addon, { recursive: true, force: true });
  writeFakeAddon(addon);
  const here = path.join(__dirname, '..', '..');
  const file = (...parts: readonly string[]): string => JSON.stringify(path.join(here, ...parts));
  fs.writeFileSync(
    path.join(addon, 'index.js'),
    `require(${file('node_modules', 'tsx', 'dist', 'cjs', 'index.cjs')});
    const ov = require(${file('lib', 'openvino')}).loadOpenVINO({ runtime: 'c-api' });
    exports.addon = require(${file('tests', 'openvino', 'imitation-addon.ts')}).imitateAddon(ov);`,
  );
  const prove = `
    const { proveAddon } = require('./lib/openvino/prove-addon');
    console.log(JSON.stringify(proveAddon(${JSON.stringify(addon)})));`;
  assert.deepEqual(runIn(root, [prove, libs]), ['{"works":true}']);
});

test('no other runtime: an error that names both places', () => {
  fs.rmSync(addon, { recursive: true, force: true });
  writeFakeAddon(addon, 'no libopenvino');
  const [error] = runIn(root, [LOAD, env]);
  assert.match(error, /^OpenVINONotFoundError: .*libopenvino\.so\.2641.*download-runtime\.js/s);
});

test('a real binary, cut short', { skip: process.platform === 'win32' }, () => {
  fs.rmSync(addon, { recursive: true, force: true });
  writeFakeAddon(addon);
  const real = path.join(
    __dirname,
    '..',
    '..',
    'node_modules',
    '@koromix',
    `koffi-${process.platform}-${process.arch}`,
  );
  const binary = fs.readdirSync(real, { recursive: true, encoding: 'utf8' }).find((name) => name.endsWith('.node'));
  const bytes = fs.readFileSync(path.join(real, binary ?? ''));
  fs.writeFileSync(path.join(addon, 'index.js'), "exports.addon = require('./bin/ov_node_addon.node');");
  for (const part of [0, 0.02, 0.5, 0.95]) {
    fs.writeFileSync(path.join(addon, 'bin', 'ov_node_addon.node'), bytes.subarray(0, Math.floor(bytes.length * part)));
    const [error] = runIn(root, [LOAD, env]);
    assert.match(error, /^OpenVINONotFoundError: .*does not load: .{10,}.*download-runtime\.js/s, `cut at ${part}`);
  }
});

test('the proof is remembered until a file of the package changes, and a broken memory is no obstacle', () => {
  fs.rmSync(addon, { recursive: true, force: true });
  writeFakeAddon(addon);
  const processes = (): number => new Set(fs.readFileSync(loads, 'utf8').trim().split('\n')).size;
  const load = (): number => {
    fs.writeFileSync(loads, '');
    assert.deepEqual(runIn(root, [LOAD, env]), ['openvino-node']);
    return processes();
  };
  assert.equal(load(), 2, 'proved by one process, loaded by the other');
  assert.equal(load(), 1, 'remembered');
  fs.appendFileSync(path.join(addon, 'bin', 'ov_node_addon.node'), ' of another release');
  assert.equal(load(), 2, 'another binary');
  assert.equal(load(), 1);
  const [memory] = fs.readdirSync(path.join(cache, 'openvino-node'));
  for (const text of ['', '{', '[]', '{"fingerprint":5}', '[['.repeat(1e5)]) {
    fs.writeFileSync(path.join(cache, 'openvino-node', memory), text);
    assert.equal(load(), 2, text.slice(0, 20));
  }
  assert.deepEqual(fs.readdirSync(path.join(cache, 'openvino-node')), [memory], 'no temporary files');
  fs.rmSync(cache, { recursive: true });
  fs.writeFileSync(cache, 'a file where the folder would be');
  assert.equal(load(), 2, 'no memory');
  fs.rmSync(cache);
});
