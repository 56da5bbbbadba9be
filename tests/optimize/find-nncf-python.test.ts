// The Python that NNCF runs in: named by BLIP_PYTHON, or found; and what the error says when no Python has NNCF.
// The library is copied to a folder without an environment, since it also looks above itself.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { after, before, test } from 'node:test';
import { projectRoot } from '../project-root';

const TSX = path.join(projectRoot(), 'node_modules', 'tsx', 'dist', 'loader.mjs');
const folder = fs.realpathSync(fs.mkdtempSync(path.join(os.tmpdir(), 'nncf-python-')));
before(() => {
  for (const part of ['core', 'optimize/find-nncf-python.ts', 'optimize/nncf-worker-error.ts'])
    fs.cpSync(path.join(projectRoot(), 'lib', part), path.join(folder, 'lib', part), { recursive: true });
});
after(() => fs.rmSync(folder, { recursive: true, force: true }));

function findPython(env: Readonly<Record<string, string>>): string {
  const script =
    `try { console.log(require('./lib/optimize/find-nncf-python').findNncfPython()); } catch (error) { ` +
    `console.log(error.name + ': ' + error.message); }`;
  return execFileSync(process.execPath, ['--import', TSX, '-e', script], {
    cwd: folder,
    encoding: 'utf8',
    env: { ...process.env, PATH: '', VIRTUAL_ENV: '', BLIP_PYTHON: '', ...env },
  }).trim();
}

test('BLIP_PYTHON goes before everything else', () => {
  assert.equal(findPython({ BLIP_PYTHON: '/opt/python' }), '/opt/python');
});

test('no Python with NNCF: the error names every place and the command', () => {
  const message = findPython({ VIRTUAL_ENV: path.join(folder, 'gone') });
  assert.match(message, /^NncfWorkerError: .*VIRTUAL_ENV=.*gone.*\.venv at or above .*on the path/s);
  assert.match(message, /-m venv \.venv && .*-m pip install openvino nncf.*BLIP_PYTHON/);
});

test('packages without their interpreter do not count', () => {
  const windows = process.platform === 'win32';
  const environment = path.join(folder, '.venv');
  const site = path.join(environment, ...(windows ? ['Lib'] : ['lib', 'python3.99']), 'site-packages', 'nncf');
  const python = path.join(environment, ...(windows ? ['Scripts', 'python.exe'] : ['bin', 'python']));
  fs.mkdirSync(site, { recursive: true });
  assert.ok(findPython({}).includes(`${site} (without a Python)`));
  fs.mkdirSync(path.dirname(python), { recursive: true });
  fs.writeFileSync(python, '');
  assert.equal(findPython({}), python);
});
