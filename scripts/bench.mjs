// npm run bench: makes the Python environments once, then runs all sides in turns. `npm run bench -- --help` lists
// options.
import * as fs from 'node:fs';
import * as path from 'node:path';
import { PYTHON as PROJECT_PYTHON, ROOT, fail, run } from './common.mjs';
import { build } from './build.mjs';
import { setup } from './setup.mjs';

const BENCH_VENV = path.join(ROOT, '.venv-bench');
const VENV_PYTHON = path.join(BENCH_VENV, process.platform === 'win32' ? 'Scripts/python.exe' : 'bin/python');
const BENCHMARKS = path.join(ROOT, 'benchmarks');
const STAMP = 'requirements.txt';
const args = process.argv.slice(2);
const [python] = valuesOf('--python');

if (args.includes('--help')) {
  const { code } = await runBenchmarks({});
  process.exit(code);
}
await setup();
await build();
const { code } = await runBenchmarks(valuesOf('--from').length > 0 ? {} : await prepareEnvironments());
process.exit(code);

function runBenchmarks(env) {
  const words = ['--import', 'tsx', path.join('benchmarks', 'run.ts'), ...args];
  return run(process.execPath, words, { env: { ...process.env, ...env } });
}

/** `--name value` or `--name=value`. */
function valuesOf(name) {
  return args.flatMap((arg, i) =>
    arg === name ? args.slice(i + 1, i + 2) : arg.startsWith(`${name}=`) ? [arg.slice(name.length + 1)] : [],
  );
}

/** A side whose packages are not to be had is left out, with the reason. */
async function prepareEnvironments() {
  const base = python ?? VENV_PYTHON;
  const tutorial = python ? await packagesFor(base, 'tutorial', '') : await prepareVenv();
  const transformers = tutorial.reason ? tutorial : await packagesFor(base, 'transformers', '-transformers');
  return {
    BENCH_TUTORIAL: JSON.stringify({ python: base, ...tutorial }),
    BENCH_TRANSFORMERS: JSON.stringify({ python: base, ...transformers }),
  };
}

async function prepareVenv() {
  const wanted = lockOf('');
  if (isMadeOf(BENCH_VENV, wanted)) return {};
  console.log(
    "Making the tutorial's environment in .venv-bench: PyTorch, transformers, OpenVINO (1.5 to 5 GB on disk, some " +
      'minutes)',
  );
  fs.rmSync(BENCH_VENV, { recursive: true, force: true });
  const made = await run(PROJECT_PYTHON, ['-m', 'venv', BENCH_VENV], { capture: true });
  if (made.code !== 0) fail(`The environment could not be made:\n${made.output}`);
  return install(VENV_PYTHON, ['-r', path.join(BENCHMARKS, 'requirements.txt')], { lock: '', folder: BENCH_VENV });
}

/** Packages of one side in a folder, for an interpreter that has PyTorch. */
async function packagesFor(base, name, lock) {
  const packages = path.join(BENCH_VENV, 'packages', name);
  if (isMadeOf(packages, lockOf(lock))) return { packages };
  console.log(`Installing the packages of ${name} in .venv-bench/packages/${name}`);
  fs.rmSync(packages, { recursive: true, force: true });
  fs.mkdirSync(packages, { recursive: true });
  const list = path.join(packages, 'without-torch.txt');
  const lines = fs.readFileSync(path.join(BENCHMARKS, `requirements${lock}.txt`), 'utf8').split('\n');
  fs.writeFileSync(list, lines.filter((line) => !line.startsWith('torch==')).join('\n'));
  const { reason } = await install(base, ['--target', packages, '-r', list], { lock, folder: packages });
  return reason ? { python: undefined, reason } : { packages };
}

async function install(base, what, { lock, folder }) {
  const constraints = path.join(BENCHMARKS, `constraints${lock}.txt`);
  const pip = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', ...what, '-c', constraints];
  const { code, output } = await run(base, pip, { capture: true });
  if (code !== 0) {
    const last = output.trim().split('\n').slice(-3).join(' ');
    return { python: undefined, reason: `pip could not install its packages: ${last}` };
  }
  fs.writeFileSync(path.join(folder, STAMP), lockOf(lock));
  return {};
}

function lockOf(lock) {
  return ['requirements', 'constraints']
    .map((name) => fs.readFileSync(path.join(BENCHMARKS, `${name}${lock}.txt`), 'utf8'))
    .join('');
}

function isMadeOf(folder, wanted) {
  const stamp = path.join(folder, STAMP);
  return fs.existsSync(stamp) && fs.readFileSync(stamp, 'utf8') === wanted;
}
