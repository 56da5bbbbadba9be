// Set-up as a whole, with stand-ins for npm and Python: what it does, what it skips, and how it goes on after it was
// cut short.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { projectRoot } from '../project-root';
import { addNpm, addOldPython, addPython, makePath } from './fake-programs';

const EVERYTHING = ['npm ci', 'python3 venv', 'pip install'];

describe('set-up', { skip: process.platform === 'win32' }, () => {
  let root = '';
  let outside = '';
  beforeEach(() => {
    outside = fs.mkdtempSync(path.join(os.tmpdir(), 'setup-test-'));
    root = path.join(outside, 'a project');
    fs.mkdirSync(root);
    for (const name of ['scripts', 'package.json', 'package-lock.json', 'requirements.txt'])
      fs.cpSync(path.join(projectRoot(), name), path.join(root, name), { recursive: true });
    makePath(path.join(outside, 'bin'));
    addNpm(path.join(outside, 'bin'), path.join(outside, 'log'));
    addPython(path.join(outside, 'bin'), 'python3', '3.12.4', path.join(outside, 'log'));
  });
  afterEach(() => fs.rmSync(outside, { recursive: true, force: true }));

  /** Runs it without a terminal, as CI does; returns what it printed and which programs it called. */
  function setup(env: NodeJS.ProcessEnv = {}): {
    status: number | null;
    stdout: string;
    stderr: string;
    called: string[];
  } {
    fs.writeFileSync(path.join(outside, 'log'), '');
    const { status, stdout, stderr } = spawnSync(process.execPath, [path.join(root, 'scripts', 'setup.mjs')], {
      encoding: 'utf8',
      cwd: outside,
      env: { PATH: path.join(outside, 'bin'), ...env },
    });
    return {
      status,
      stdout,
      stderr,
      called: fs.readFileSync(path.join(outside, 'log'), 'utf8').trim().split('\n').filter(Boolean),
    };
  }

  test('the first time does everything and says how long it may take; the second time nothing', () => {
    const first = setup();
    assert.equal(first.status, 0, first.stderr);
    assert.deepEqual(first.called, EVERYTHING);
    assert.match(first.stdout, /Installing Node packages \(about 230 MB, usually under a minute\)/);
    assert.match(first.stdout, /Installing Python packages into \.venv \(about 900 MB on disk, one to three minutes\)/);
    assert.doesNotMatch(first.stdout, /\r|\x1b/); // no clock where there is no terminal

    const second = setup();
    assert.deepEqual(second.called, []);
    assert.match(second.stdout, /^Ready\./);
  });

  test('the kernel is registered with the places of this machine', () => {
    setup();
    const spec = JSON.parse(fs.readFileSync(path.join(root, '.venv/share/jupyter/kernels/tslab/kernel.json'), 'utf8'));
    assert.equal(spec.argv[0], process.execPath);
    assert.ok(spec.argv.includes(path.join(root, 'kernel', 'launch.cjs')));
    assert.equal(spec.interrupt_mode, 'message');
  });

  test('npm interrupted half way: says so; the next run begins that step anew', () => {
    const cut = setup({ INTERRUPT_NPM: '1' });
    assert.equal(cut.status, 130);
    assert.match(cut.stderr, /^\nInterrupted\. Run the command again to continue\.\n$/);
    assert.deepEqual(setup().called, EVERYTHING);
    assert.deepEqual(setup().called, []);
  });

  test('npm interrupted in a project that had been complete', () => {
    setup();
    fs.rmSync(path.join(root, 'node_modules'), { recursive: true });
    assert.deepEqual(setup({ INTERRUPT_NPM: '1' }).called, ['npm ci']);
    assert.deepEqual(setup().called, ['npm ci']);
  });

  test('pip interrupted: Node packages and environment are kept', () => {
    const cut = setup({ INTERRUPT_PIP: '1' });
    assert.deepEqual([cut.status, /Interrupted/.test(cut.stderr)], [130, true]);
    assert.deepEqual(setup().called, ['pip install']);
    assert.deepEqual(setup().called, []);
  });

  test('interrupted while a set-up that is complete is checked: nothing is installed for that', () => {
    setup();
    const cut = setup({ INTERRUPT_CHECK: '1' });
    assert.deepEqual([cut.status, cut.called], [130, []]);
    assert.deepEqual(setup().called, []);
  });

  test("pip's own message is shown when it fails, and nothing counts as done", () => {
    const failed = setup({ FAIL_PIP: 'no such package' });
    assert.equal(failed.status, 1);
    assert.match(failed.stderr, /pip could not install the packages:\nno such package\n.*network/s);
    assert.deepEqual(setup().called, ['pip install']);
  });

  test('an index with other files than the locked ones: says what to do about the index', () => {
    const failed = setup({ FAIL_PIP: 'ERROR: THESE PACKAGES DO NOT MATCH THE HASHES FROM THE REQUIREMENTS FILE.' });
    assert.equal(failed.status, 1);
    assert.match(failed.stderr, /requirements\.txt.*PyPI.*mirror/);
  });

  test('a moved project works on: nothing is installed, the kernel is found at the new place', () => {
    setup();
    const moved = path.join(outside, 'moved');
    fs.renameSync(root, moved);
    root = moved;
    assert.deepEqual(setup().called, []);
    assert.match(
      fs.readFileSync(path.join(root, '.venv/share/jupyter/kernels/tslab/kernel.json'), 'utf8'),
      /moved\/kernel\/launch\.cjs/,
    );
  });

  test('an environment whose Python is gone is made anew', () => {
    setup();
    const python = path.join(root, '.venv/bin/python');
    fs.rmSync(python);
    fs.symlinkSync('/nowhere/python3', python);
    assert.deepEqual(setup().called, ['python3 venv', 'pip install']);
    fs.writeFileSync(python, '#!/bin/sh\nexit 1\n', { mode: 0o755 });
    assert.deepEqual(setup().called, ['python3 venv', 'pip install']);
  });

  test('packages that are gone are installed again; other requirements too', () => {
    setup();
    fs.rmSync(path.join(root, '.venv/bin/installed'));
    assert.deepEqual(setup().called, ['pip install']);
    fs.appendFileSync(path.join(root, 'requirements.txt'), '# changed\n');
    assert.deepEqual(setup().called, ['pip install']);
    fs.appendFileSync(path.join(root, 'package.json'), '\n');
    assert.deepEqual(setup().called, ['npm ci']);
  });

  test('a package that is gone, cut short, or of another version is found: all are installed again', () => {
    setup();
    const manifest = path.join(root, 'node_modules', 'a', 'package.json');
    const faults: [() => void, RegExp][] = [
      [() => fs.rmSync(path.dirname(manifest), { recursive: true }), /node_modules\/a is missing or damaged/],
      [() => fs.truncateSync(manifest, 5), /node_modules\/a is missing or damaged/],
      [() => fs.writeFileSync(manifest, '{"version":"2.0.0"}'), /node_modules\/a is version 2\.0\.0, expected 1\.0\.0/],
      [
        () => fs.truncateSync(path.join(root, 'node_modules', '.package-lock.json'), 9),
        /package-lock\.json is damaged/,
      ],
    ];
    for (const [damage, said] of faults) {
      damage();
      const { status, stdout, called } = setup();
      assert.deepEqual([status, called], [0, ['npm ci']]);
      assert.match(stdout, said);
      assert.deepEqual(setup().called, []);
    }
  });

  test('a file that is gone from a package is found; what was added since does no harm', () => {
    setup();
    const inPackage = (...names: string[]): string => path.join(root, 'node_modules', 'a', ...names);
    fs.writeFileSync(inPackage('cache.json'), '{}');
    assert.deepEqual(setup().called, []);
    fs.rmSync(inPackage('lib', 'part.js'));
    const { status, stdout, called } = setup();
    assert.deepEqual([status, called], [0, ['npm ci']]);
    assert.match(stdout, /node_modules\/a\/lib\/part\.js is missing: the Node packages are installed again/);
    assert.deepEqual(setup().called, []);
  });

  test('npm reports success, but left a package out: says so, and begins anew the next time', () => {
    const lost = setup({ LOSE: '1' });
    assert.equal(lost.status, 1);
    assert.match(lost.stderr, /npm reported success, but node_modules\/a is missing.*run the command again/s);
    assert.deepEqual(setup().called, EVERYTHING);
  });

  test('without a home folder that can be written, one in the project is used, and said once', () => {
    const file = path.join(outside, 'home');
    fs.writeFileSync(file, '');
    const instead = path.join(fs.realpathSync(root), 'output', 'home');
    for (const HOME of ['', file, path.join(file, 'deeper')]) {
      fs.rmSync(path.join(root, 'node_modules'), { recursive: true, force: true });
      const { status, stdout, stderr } = setup({ HOME, SHOW_HOME: '1', npm_config_cache: path.join(HOME, '.npm') });
      assert.equal(status, 0, stderr);
      assert.equal(
        stderr,
        `${HOME || 'This user has no home folder'}${HOME && ' cannot be written'}: output/home is used instead.\n`,
      );
      assert.match(stdout, new RegExp(`^HOME=${instead} cache=$`, 'm'));
    }
    fs.rmSync(path.join(root, 'node_modules'), { recursive: true });
    const usable = setup({ HOME: outside, SHOW_HOME: '1', npm_config_cache: '/elsewhere' });
    assert.match(usable.stdout, new RegExp(`^HOME=${outside} cache=/elsewhere$`, 'm'));
    assert.equal(usable.stderr, '');
  });

  test('no usable Python, no npm: one message each, without a stack', () => {
    addOldPython(path.join(outside, 'bin'), 'python3', '3.8.18');
    const old = setup();
    assert.equal(old.status, 1);
    assert.match(old.stderr, /^\nPython 3\.10 or newer is needed \(found: python3 is 3\.8\.18\)/);
    assert.doesNotMatch(old.stderr, /\n\s+at /);

    fs.rmSync(path.join(root, 'node_modules'), { recursive: true });
    fs.rmSync(path.join(outside, 'bin', 'npm'));
    const without = setup();
    assert.equal(without.status, 1);
    assert.match(without.stderr, /^\nnpm could not be started .*nodejs\.org/);
    assert.doesNotMatch(without.stderr, /\n\s+at /);
  });
});
