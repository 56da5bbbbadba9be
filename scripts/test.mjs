// npm test: type check, tests, and a re-run of the notebooks whose results are compared with the saved ones.
import * as fs from 'node:fs';
import * as path from 'node:path';
import { PYTHON, ROOT, run } from './common.mjs';
import { NOTEBOOKS, executeNotebooks } from './notebooks.mjs';
import { setup } from './setup.mjs';

await setup();

console.log('Formatter and linter');
await step(process.execPath, [
  path.join('node_modules', '@biomejs', 'biome', 'bin', 'biome'),
  'check',
  '--error-on-warnings',
]);

console.log('Type check');
await step(process.execPath, [path.join('node_modules', 'typescript', 'bin', 'tsc'), '--noEmit']);
// The notebook kernel brings an older compiler, which reads lib as well.
await step(process.execPath, [
  path.join('node_modules', '@tslab', 'typescript-for-tslab', 'lib', 'tsc.js'),
  '--noEmit',
  '-p',
  'tsconfig.kernel.json',
]);

const again = path.join(ROOT, 'output', 'notebooks-again');
if (NOTEBOOKS.length > 0) {
  console.log('Notebooks, from top to bottom (one to three minutes)');
  fs.rmSync(again, { recursive: true, force: true }); // nothing of an earlier run is compared
  const code = await executeNotebooks(again, {
    BLIP_MODEL: undefined,
    BLIP_DEVICE: undefined,
    BLIP_DATASET: undefined,
  });
  if (code !== 0) process.exit(code);
  await step(PYTHON, [path.join('scripts', 'compare_notebooks.py'), 'notebooks', again]);
}

console.log('Tests');
const files = fs
  .readdirSync(path.join(ROOT, 'tests'), { recursive: true })
  .map(String)
  .filter((name) => name.endsWith('.test.ts'))
  .sort()
  .map((name) => path.join('tests', name));
await step(process.execPath, ['--import', 'tsx', '--test', '--test-concurrency=2', '--test-reporter=spec', ...files]);

async function step(program, args) {
  const { code } = await run(program, args);
  if (code !== 0) process.exit(code);
}
