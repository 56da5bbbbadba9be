// Which Python environments are searched for a package, in which order, and what is said about those without it.
// Environments and `python3` are made for the test; the real interpreter is asked in the last ones.
import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { after, afterEach, beforeEach, describe, it } from 'node:test';
import { pipInstall, pythonPackages, type PythonPackage } from '../../lib/core/find-python';
import { addProgram, makePath } from '../scripts/fake-programs';

const NAME = 'blip_test_package'; // in no real environment
const working = process.cwd();
const saved = { PATH: process.env.PATH, VIRTUAL_ENV: process.env.VIRTUAL_ENV, PYTHONPATH: process.env.PYTHONPATH };
const folder = fs.realpathSync(fs.mkdtempSync(path.join(os.tmpdir(), 'find-python-')));
let count = 0;
let project = '';
let programs = '';

beforeEach(() => {
  project = path.join(folder, String(++count));
  fs.mkdirSync(path.join(project, 'src', 'deep'), { recursive: true });
  programs = makePath(path.join(folder, `path-${count}`));
  process.env.PATH = programs;
  delete process.env.VIRTUAL_ENV;
  process.chdir(path.join(project, 'src', 'deep'));
});
afterEach(() => {
  process.chdir(working);
  for (const [name, value] of Object.entries(saved))
    if (value === undefined) delete process.env[name];
    else process.env[name] = value;
});
after(() => fs.rmSync(folder, { recursive: true, force: true }));

/** An environment as `python3 -m venv` lays it out, with or without the package and the interpreter. */
function environment(place: string, { has = true, python = true } = {}): string {
  const site = path.join(place, 'lib', 'python3.99', 'site-packages');
  fs.mkdirSync(has ? path.join(site, NAME) : site, { recursive: true });
  fs.mkdirSync(path.join(place, 'bin'), { recursive: true });
  if (python) fs.writeFileSync(path.join(place, 'bin', 'python'), '');
  return path.join(site, NAME);
}

/** A `python3` that answers as the real one would and counts its starts. */
function fakePython(answer: string, name = 'python3'): () => number {
  const log = path.join(programs, `${name}.log`);
  addProgram(programs, name, `echo started >> '${log}'\n${answer}\n`);
  return () => (fs.existsSync(log) ? fs.readFileSync(log, 'utf8').trim().split('\n').length : 0);
}

function search(timeout_ms = 20_000): { found: PythonPackage[]; tried: string[] } {
  const tried: string[] = [];
  return { found: [...pythonPackages(NAME, { tried, timeout_ms })], tried };
}

describe('pythonPackages', {
  skip: process.platform === 'win32' && 'the programs of the test are shell scripts',
}, () => {
  it('goes from VIRTUAL_ENV to a .venv above the working folder to python3, which is asked last and once', () => {
    const active = environment(path.join(folder, `active-${count}`));
    process.env.VIRTUAL_ENV = path.join(folder, `active-${count}`);
    const above = environment(path.join(project, '.venv'));
    const starts = fakePython(`echo '{"python": "/usr/bin/python3.99", "folder": "/usr/lib/${NAME}"}'`);
    const lazy = pythonPackages(NAME);
    assert.equal(lazy.next().value?.folder, active);
    assert.equal(lazy.next().value?.folder, above);
    assert.equal(starts(), 0);
    for (let round = 0; round < 2; round++)
      assert.deepEqual(search().found, [
        { python: path.join(folder, `active-${count}`, 'bin', 'python'), folder: active },
        { python: path.join(project, '.venv', 'bin', 'python'), folder: above },
        { python: '/usr/bin/python3.99', folder: `/usr/lib/${NAME}` },
      ]);
    assert.equal(starts(), 1);
  });

  it('finds packages whose interpreter is gone', () => {
    const left = environment(path.join(project, '.venv'), { python: false });
    assert.deepEqual(search().found, [{ python: undefined, folder: left }]);
  });

  it('names every place without the package', () => {
    process.env.VIRTUAL_ENV = path.join(folder, 'gone');
    environment(path.join(project, '.venv'), { has: false });
    fakePython('echo \'{"python": "/usr/bin/python3.99", "folder": null}\'');
    const { found, tried } = search();
    assert.deepEqual(found, []);
    const text = tried.join('\n');
    assert.match(text, /^VIRTUAL_ENV=.*gone \(no such folder\)$/m);
    assert.ok(text.includes(`${path.join(project, '.venv')} (without the package ${NAME})`));
    assert.match(text, /^\/usr\/bin\/python3\.99, python3 on the path \(without the package blip_test_package\)$/m);
  });

  it('asks python where python3 is a placeholder, and says when none runs', () => {
    assert.match(search().tried.join('\n'), /python3, python on the path \(none runs\)/);
    fakePython('echo "Python was not found; run without arguments to install"; exit 9');
    fakePython(`echo '{"python": "/opt/python", "folder": "/opt/${NAME}"}'`, 'python');
    assert.deepEqual(search().found, [{ python: '/opt/python', folder: `/opt/${NAME}` }]);
  });

  it('takes no other answer for one', () => {
    for (const answer of ['echo Hello', 'echo "[1]"', 'echo \'{"python": 3, "folder": "/x"}\'', 'exit 0']) {
      fakePython(answer);
      assert.deepEqual(search().found, [], answer);
    }
  });

  it('does not wait for a python3 that hangs', () => {
    fakePython('exec sleep 600');
    const { found, tried } = search(500);
    assert.deepEqual(found, []);
    assert.match(tried.join('\n'), /python3 on the path \(no answer within 0\.5 s\)/);
  });

  it('asks again for what was missing', () => {
    fakePython('echo \'{"python": "/usr/bin/python3", "folder": null}\'');
    assert.equal(search().found.length, 0);
    fakePython(`echo '{"python": "/usr/bin/python3", "folder": "/usr/lib/${NAME}"}'`);
    assert.equal(search().found.length, 1);
  });

  it('asks the real python3 without importing the package; a folder in the working folder is none', (t) => {
    process.env.PATH = saved.PATH;
    fs.mkdirSync(NAME);
    fs.writeFileSync(path.join(NAME, '__init__.py'), 'raise SystemExit("imported")');
    const { found, tried } = search();
    assert.deepEqual(found, []);
    if (tried.at(-1)?.includes('none runs')) return t.skip('no python3 here');
    const site = path.join(folder, `site-${count}`);
    fs.cpSync(NAME, path.join(site, NAME), { recursive: true });
    process.env.PYTHONPATH = site;
    assert.equal(search().found[0]?.folder, path.join(site, NAME));
  });
});

describe('pipInstall', { skip: process.platform === 'win32' }, () => {
  it('installs into the environment that is searched first, or makes one', () => {
    const python = path.join(project, '.venv', 'bin', 'python');
    environment(path.join(project, '.venv'));
    assert.equal(pipInstall('openvino', 'nncf'), `${python} -m pip install openvino nncf`);
    process.env.VIRTUAL_ENV = path.join(folder, 'active');
    environment(process.env.VIRTUAL_ENV);
    assert.equal(pipInstall('openvino'), `${path.join(folder, 'active', 'bin', 'python')} -m pip install openvino`);
  });
});
