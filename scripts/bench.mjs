// npm run bench: makes the Python tutorial's own environment once, then runs both sides side by side.
import * as fs from 'node:fs';
import * as path from 'node:path';
import { PYTHON as PROJECT_PYTHON, ROOT, fail, run } from './common.mjs';
import { build } from './build.mjs';
import { setup } from './setup.mjs';

const BENCH_VENV = path.join(ROOT, '.venv-bench');
const PYTHON = path.join(BENCH_VENV, process.platform === 'win32' ? 'Scripts/python.exe' : 'bin/python');
const REQUIREMENTS = path.join(ROOT, 'benchmarks', 'requirements.txt');
const CONSTRAINTS = path.join(ROOT, 'benchmarks', 'constraints.txt');
const STAMP = path.join(BENCH_VENV, 'requirements.txt');

await setup();
await build();
await prepareEnvironment();
const { code } = await run(process.execPath, [
  '--import',
  'tsx',
  path.join('benchmarks', 'run.ts'),
  PYTHON,
  ...process.argv.slice(2),
]);
process.exit(code);

async function prepareEnvironment() {
  const wanted = fs.readFileSync(REQUIREMENTS, 'utf8') + fs.readFileSync(CONSTRAINTS, 'utf8');
  if (fs.existsSync(STAMP) && fs.readFileSync(STAMP, 'utf8') === wanted) return;
  console.log(
    "Making the tutorial's environment in .venv-bench: PyTorch, transformers, OpenVINO (1.5 to 5 GB on disk, some minutes)",
  );
  fs.rmSync(BENCH_VENV, { recursive: true, force: true });
  const made = await run(PROJECT_PYTHON, ['-m', 'venv', BENCH_VENV], { capture: true });
  if (made.code !== 0) fail(`The environment could not be made:\n${made.output}`);
  const { code, output } = await run(
    PYTHON,
    ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '-r', REQUIREMENTS, '-c', CONSTRAINTS],
    { capture: true },
  );
  if (code !== 0) fail(`pip could not install the tutorial's packages:\n${output.slice(-3000)}`);
  fs.writeFileSync(STAMP, wanted);
}
