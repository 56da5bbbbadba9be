// npm run lock: resolves the Python requirements and writes the locks, with uv, for every system and Python version.
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { PYTHON, ROOT, fail, run } from './common.mjs';

const UV_VERSION = '0.13.9';

/**
 * The project's own environment is installed with hashes. Benchmarks and training use PyTorch, whose CPU builds come
 * from other indexes as other files: their locks are constraints with versions only, which pip applies to what it has
 * to install.
 */
const LOCKS = [
  { from: 'requirements.in', to: 'requirements.txt', python: '3.10', options: ['--generate-hashes'] },
  { from: 'benchmarks/requirements.txt', to: 'benchmarks/constraints.txt', python: '3.10', options: [] },
  {
    from: 'benchmarks/requirements-transformers.txt',
    to: 'benchmarks/constraints-transformers.txt',
    python: '3.11',
    options: [],
  },
  { from: 'training/requirements.txt', to: 'training/constraints.txt', python: '3.11', options: [] },
];

const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'blip-lock-'));
try {
  await lockAll();
} catch (error) {
  fs.rmSync(folder, { recursive: true, force: true });
  fail(error.message);
}
fs.rmSync(folder, { recursive: true, force: true });

async function lockAll() {
  const pip = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '--target', folder];
  await succeed(PYTHON, [...pip, `uv==${UV_VERSION}`]);
  const uv = path.join(folder, 'bin', process.platform === 'win32' ? 'uv.exe' : 'uv');
  for (const { from, to, python, options } of LOCKS) {
    // What is already locked stays as it is, unless `npm run lock -- --upgrade` says otherwise.
    const args = ['pip', 'compile', '--quiet', '--universal', '--python-version', python, ...options];
    args.push(
      '--no-annotate',
      '--no-emit-index-url',
      '--no-emit-find-links',
      '--custom-compile-command',
      'npm run lock',
    );
    await succeed(uv, [...args, from, '-o', to, ...process.argv.slice(2)]);
    console.log(`${to} is up to date with ${from}`);
  }
}

async function succeed(program, args) {
  const { code, output } = await run(program, args, { cwd: ROOT, capture: true });
  if (code !== 0) throw new Error(`${path.basename(program)} ${args.join(' ')} failed:\n${output.slice(-3000)}`);
}
