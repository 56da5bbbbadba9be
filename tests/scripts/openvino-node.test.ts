// What set-up does about openvino-node's binary: fetches it, proves it, puts aside what does not work, and tries again.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { writeFakeAddon, type Fault } from '../openvino/fake-addon';
import { projectRoot } from '../project-root';
import { addNpm, addPython, makePath } from './fake-programs';

describe("openvino-node's part of set-up", { skip: process.platform === 'win32' }, () => {
  let outside = '';
  let root = '';
  const inPackage = (...parts: readonly string[]): string => path.join(root, 'node_modules', 'openvino-node', ...parts);

  beforeEach(() => {
    outside = fs.mkdtempSync(path.join(os.tmpdir(), 'setup-openvino-node-'));
    root = path.join(outside, 'project');
    for (const name of ['scripts', 'lib', 'package.json', 'package-lock.json', 'requirements.txt'])
      fs.cpSync(path.join(projectRoot(), name), path.join(root, name), { recursive: true });
    makePath(path.join(outside, 'bin'));
    addNpm(path.join(outside, 'bin'), path.join(outside, 'log'));
    addPython(path.join(outside, 'bin'), 'python3', '3.12.4', path.join(outside, 'log'));
    pack('none');
  });
  afterEach(() => fs.rmSync(outside, { recursive: true, force: true }));

  /** The package as npm has it: without its binary, which a script downloads (from `payload`, as DOWNLOAD says). */
  function pack(fault: Fault): void {
    const folder = path.join(outside, 'package');
    const payload = path.join(outside, 'payload');
    for (const old of [folder, payload]) fs.rmSync(old, { recursive: true, force: true });
    writeFakeAddon(folder, fault);
    fs.renameSync(path.join(folder, 'bin'), payload);
    fs.mkdirSync(path.join(folder, 'scripts'));
    fs.writeFileSync(
      path.join(folder, 'scripts', 'download-runtime.js'),
      `const fs = require('node:fs');
const bin = require('node:path').join(__dirname, '..', 'bin');
fs.appendFileSync(${JSON.stringify(path.join(outside, 'log'))}, 'download\\n');
if (process.env.DOWNLOAD === 'half') fs.mkdirSync(bin);
if (process.env.DOWNLOAD) { console.error('getaddrinfo ENOTFOUND storage.example'); process.exit(1); }
fs.cpSync(${JSON.stringify(payload)}, bin, { recursive: true });
`,
    );
  }

  function setup(
    env: NodeJS.ProcessEnv = {},
    script = 'await setup({ explicit: true })',
  ): { text: string; called: string[] } {
    fs.writeFileSync(path.join(outside, 'log'), '');
    const code = `import { setup } from ${JSON.stringify(path.join(root, 'scripts', 'setup.mjs'))}; ${script}`;
    const { status, stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', code], {
      encoding: 'utf8',
      cwd: outside,
      env: {
        PATH: path.join(outside, 'bin'),
        BLIP_CACHE: path.join(outside, 'cache'),
        OPENVINO_NODE: path.join(outside, 'package'),
        TSX: path.join(projectRoot(), 'node_modules', 'tsx'),
        ...env,
      },
    });
    assert.equal(status, 0, stderr);
    return {
      text: stdout,
      called: fs.readFileSync(path.join(outside, 'log'), 'utf8').trim().split('\n').filter(Boolean),
    };
  }
  const onTheWay = 'await setup()';

  test('a binary that works is fetched, proved and remembered: nothing is done again, not by loading either', () => {
    const first = setup();
    assert.ok(first.called.includes('download'));
    assert.match(first.text, /Fetching openvino-node's binary/);
    assert.doesNotMatch(first.text, /does not work|not available/);
    assert.equal(
      fs.readdirSync(path.join(outside, 'cache', 'openvino-node')).length,
      1,
      'the library remembers the proof',
    );
    assert.deepEqual(setup().called, []);
    assert.equal(setup({}, onTheWay).text, '');
  });

  for (const fault of ['cut short', 'newer GLIBC', 'no CPU plugin', 'other results'] as const)
    test(`${fault}: put aside, the C API does the work; the next set-up fetches it again`, () => {
      pack(fault);
      const { text } = setup();
      assert.match(
        text,
        /does not work here and was put aside \(.*(SIGBUS|GLIBC|CPU plugin|expected 2,4).*\): .* through the C API/,
      );
      assert.ok(!fs.existsSync(inPackage('bin')));
      assert.ok(fs.existsSync(inPackage('bin-that-does-not-work', 'ov_node_addon.node')));
      assert.deepEqual(setup({}, onTheWay).called, [], 'not at every start');
      pack('none');
      fs.cpSync(path.join(outside, 'package', 'index.js'), inPackage('index.js'));
      assert.deepEqual(setup().called, ['download']);
      assert.ok(fs.existsSync(inPackage('bin', 'ov_node_addon.node')));
    });

  test('a download that fails is tried again at the next set-up, and at a start of the next day', () => {
    const failed = setup({ DOWNLOAD: 'half' });
    assert.match(
      failed.text,
      /not available here \(getaddrinfo ENOTFOUND storage\.example\): OpenVINO runs through the C API/,
    );
    assert.match(failed.text, /npm run setup, or node node_modules\/openvino-node\/scripts\/download-runtime\.js/);
    assert.ok(!fs.existsSync(inPackage('bin')), 'half a download is removed');
    assert.deepEqual(setup({ DOWNLOAD: 'fail' }, onTheWay).called, []);
    assert.deepEqual(setup({ DOWNLOAD: 'fail' }).called, ['download']);
    fs.writeFileSync(inPackage('.blip-setup'), `failed ${new Date(Date.now() - 25 * 3600 * 1000).toISOString()}`);
    assert.deepEqual(setup({}, onTheWay).called, ['download']);
    assert.ok(fs.existsSync(inPackage('bin', 'ov_node_addon.node')));
  });

  test('a binary that came later is proved at the next start', () => {
    setup({ DOWNLOAD: 'fail' });
    fs.cpSync(path.join(outside, 'payload'), inPackage('bin'), { recursive: true });
    assert.deepEqual(setup({}, onTheWay).called, []);
    assert.match(fs.readFileSync(inPackage('.blip-setup'), 'utf8'), /^works /);
    pack('cut short');
    fs.cpSync(path.join(outside, 'package', 'index.js'), inPackage('index.js'));
    fs.appendFileSync(inPackage('bin', 'ov_node_addon.node'), ' cut');
    assert.match(setup({}, onTheWay).text, /put aside/);
  });
});
