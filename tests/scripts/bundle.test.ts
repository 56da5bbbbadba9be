// A bundle: which files go into it, what it says when it does not fit the machine, and set-up from it without a
// network. `node scripts/prove-bundle.mjs FOLDER` tries a real one.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { pathToFileURL } from 'node:url';
import { create } from 'tar';
import { projectRoot } from '../project-root';
import { addNpm, addPython, makePath } from './fake-programs';

interface Scripts {
  readonly projectFiles: (root: string, without?: string) => string[];
  readonly ignoreRules: (text: string) => (name: string, isFolder: boolean) => boolean;
  readonly otherPatchPins: (requirements: string, version: string) => string[];
}

const script = (name: string): string => path.join(projectRoot(), 'scripts', name);
const load = async (name: string): Promise<Scripts> => import(pathToFileURL(script(name)).href);
const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'blip-bundle-test-'));
after(() => fs.rmSync(folder, { recursive: true, force: true }));

function write(root: string, files: Record<string, string>): void {
  for (const [name, text] of Object.entries(files)) {
    fs.mkdirSync(path.dirname(path.join(root, name)), { recursive: true });
    fs.writeFileSync(path.join(root, name), text);
  }
}

describe('files of a bundle', () => {
  it('are the project without what Git ignores, without secrets, and without the bundle itself', async () => {
    const { projectFiles } = await load('project-files.mjs');
    const root = path.join(folder, 'project');
    write(root, {
      '.gitignore': '# built\nnode_modules/\noutput/\n*.log\n.state\n',
      'lib/index.ts': '',
      'lib/output/x': '',
      'ünï/a b.txt': '',
      'node_modules/a/b.js': '',
      'packages/wheels/a.whl': '',
      'lib/packages/kept.ts': '',
      'run.log': '',
      '.state': '',
      '.env': 'secret',
      '.env.local': 'secret',
      '.git/config': '',
      'copies/one/lib/index.ts': '',
    });
    assert.deepEqual(projectFiles(root, path.join(root, 'copies', 'one')), [
      '.gitignore',
      'lib/index.ts',
      'lib/packages/kept.ts',
      'ünï/a b.txt',
    ]);
  });

  it('include models, data, notebooks and solutions of this project', async () => {
    const { projectFiles } = await load('project-files.mjs');
    const files = projectFiles(projectRoot());
    for (const file of ['models/blip-scenes/model.safetensors', 'data/pictures/demo.jpg', 'kernel/launch.cjs'])
      assert.ok(files.includes(file), file);
    for (const file of ['notebooks/233-blip-convert.ipynb', 'solutions/233-blip-convert.ipynb', '.npmrc'])
      assert.ok(files.includes(file), file);
    assert.ok(files.every((file) => !/^(node_modules|\.venv|output|\.git)(\/|$)/.test(file)));
  });

  it('a pattern of .gitignore that is not understood is an error, not a file too many', async () => {
    const { ignoreRules } = await load('project-files.mjs');
    for (const pattern of ['a/b', '!kept', 'a*b', '[ab]', '**']) assert.throws(() => ignoreRules(pattern), /gitignore/);
  });

  it('have the wheels that another patch version of the same Python takes', async () => {
    const { otherPatchPins } = await load('patch-pins.mjs');
    const text =
      "a==1 ; python_full_version < '3.11.5' \\\n    --hash=sha256:11\n    # via b\n" +
      "a==2 ; python_full_version >= '3.11.5' \\\n    --hash=sha256:22\n" +
      "b==3 ; python_full_version < '3.12' \\\n    --hash=sha256:33\nc==4 \\\n    --hash=sha256:44\n";
    assert.deepEqual(otherPatchPins(text, '3.11.7'), ['a==1 \\\n    --hash=sha256:11\n    # via b\n']);
    assert.deepEqual(otherPatchPins(text, '3.11.2'), ['a==2 \\\n    --hash=sha256:22\n']);
    assert.deepEqual(otherPatchPins(text, '3.12.1'), []);
  });
});

describe('set-up from a bundle', { skip: process.platform === 'win32' }, () => {
  const outside = path.join(folder, 'machine');
  const root = path.join(outside, 'blip');
  const manifest = path.join(root, 'packages', 'bundle.json');
  const log = path.join(outside, 'log');
  const digest = (...names: string[]): string =>
    createHash('sha256')
      .update(names.map((name) => fs.readFileSync(path.join(root, name))).join('\0'))
      .digest('hex');
  let whole: Record<string, object> = {};

  before(async () => {
    for (const name of ['scripts', 'package.json', 'package-lock.json', 'requirements.txt'])
      fs.cpSync(path.join(projectRoot(), name), path.join(root, name), { recursive: true });
    write(outside, { 'made/node_modules/a/index.js': 'module.exports = 1;' });
    fs.mkdirSync(path.join(root, 'packages', 'wheels'), { recursive: true });
    const archive = path.join(root, 'packages', 'node_modules.tar.gz');
    await create({ cwd: path.join(outside, 'made'), file: archive, gzip: true }, ['node_modules']);
    whole = {
      made_for: { platform: process.platform, arch: process.arch, python: '3.12', node: '20.19.0' },
      locks: { node: digest('package-lock.json', 'package.json'), python: digest('requirements.txt') },
      archive: { bytes: 1, sha256: createHash('sha256').update(fs.readFileSync(archive)).digest('hex') },
    };
    makePath(path.join(outside, 'bin'));
    addNpm(path.join(outside, 'bin'), log);
    addPython(path.join(outside, 'bin'), 'python3', '3.12.4', log);
  });

  function setup(changes: Record<string, object> = {}): { status: number | null; stderr: string; called: string[] } {
    for (const name of ['node_modules', '.venv']) fs.rmSync(path.join(root, name), { recursive: true, force: true });
    fs.writeFileSync(manifest, JSON.stringify({ format: 1, ...whole, ...changes }));
    return again();
  }

  function again(): { status: number | null; stderr: string; called: string[] } {
    fs.writeFileSync(log, '');
    const { status, stderr } = spawnSync(process.execPath, [path.join(root, 'scripts', 'setup.mjs')], {
      encoding: 'utf8',
      cwd: outside,
      env: { PATH: path.join(outside, 'bin') },
    });
    return { status, stderr, called: fs.readFileSync(log, 'utf8').trim().split('\n').filter(Boolean) };
  }

  it('asks neither npm nor an index, and does nothing the second time', () => {
    const { status, stderr, called } = setup();
    assert.equal(status, 0, stderr);
    assert.deepEqual(called, ['unpack', 'python3 venv', 'pip install --no-index']);
    assert.ok(fs.existsSync(path.join(root, 'node_modules', 'a')));
    assert.ok(!fs.existsSync(path.join(root, '.unpacked')));
    assert.deepEqual(again().called, []);
  });

  const refusals: [string, Record<string, object>, RegExp][] = [
    [
      'another platform',
      { made_for: { platform: 'plan9', arch: 'mips', python: '3.12' } },
      /plan9-mips.*npm run bundle/s,
    ],
    [
      'another Python',
      { made_for: { platform: process.platform, arch: process.arch, python: '3.9' } },
      /3\.9 is needed/,
    ],
    ['changed lock files', { locks: { node: 'x', python: 'y' } }, /package-lock\.json changed.*packages/s],
    ['a damaged archive', { archive: { bytes: 1, sha256: '00' } }, /node_modules\.tar\.gz is damaged.*Copy/s],
    ['a manifest of another kind', { made_for: {} }, /bundle\.json is not a manifest/],
  ];
  for (const [what, changes, message] of refusals)
    it(`${what}: says so, and installs nothing`, () => {
      const { status, stderr, called } = setup(changes);
      assert.equal(status, 1);
      assert.match(stderr, message);
      assert.doesNotMatch(stderr, /\n {4}at /); // no stack
      assert.deepEqual(called, []);
    });

  it('a manifest that was cut off in copying: says what to do', () => {
    setup();
    fs.writeFileSync(manifest, '{"format": 1, "made_');
    const { status, stderr } = again();
    assert.equal(status, 1);
    assert.match(stderr, /bundle\.json cannot be read.*Copy the bundle again/);
  });
});

describe('an archive', () => {
  const unpack = (archive: string, target: string) =>
    spawnSync(process.platform === 'win32' ? 'python' : 'python3', [script('unpack_archive.py'), archive, target], {
      encoding: 'utf8',
    });

  it('that is cut off leaves no folder', async () => {
    const [file, target] = ['cut.tar.gz', 'cut'].map((name) => path.join(folder, name));
    write(folder, { 'many/a': 'x'.repeat(100_000), 'many/b': createHash('sha256').update('b').digest('hex') });
    await create({ cwd: folder, file, gzip: true }, ['many']);
    fs.truncateSync(file, fs.statSync(file).size - 60);
    assert.notEqual(unpack(file, target).status, 0);
    assert.ok(!fs.existsSync(target));
  });

  it('is unpacked with its links', { skip: process.platform === 'win32' }, async () => {
    const [file, target] = ['whole.tar.gz', 'whole'].map((name) => path.join(folder, name));
    write(folder, { 'linked/node_modules/a/b.js': 'b' });
    fs.symlinkSync('../scripts/stub', path.join(folder, 'linked', 'node_modules', 'stub'));
    await create({ cwd: path.join(folder, 'linked'), file, gzip: true }, ['node_modules']);
    const { status, stderr } = unpack(file, target);
    assert.equal(status, 0, stderr);
    assert.equal(fs.readFileSync(path.join(target, 'node_modules/a/b.js'), 'utf8'), 'b');
    assert.equal(fs.readlinkSync(path.join(target, 'node_modules/stub')), '../scripts/stub');
  });
});
