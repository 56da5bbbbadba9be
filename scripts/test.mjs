// npm test: formatter, linter, type checks, unit tests, integration tests, then a re-run of the notebooks and of the
// exercises' solutions, whose results are compared with the saved ones. npm run test:unit stops after the unit tests.
import * as fs from 'node:fs';
import * as path from 'node:path';
import { PYTHON, ROOT, run } from './common.mjs';
import { executeNotebooks } from './notebooks.mjs';
import { setup } from './setup.mjs';

/**
 * Folders under tests whose tests start other programs: the kernel, NNCF, servers. The rest reports in a few minutes.
 */
const INTEGRATION = ['cli', 'demo', 'evaluation', 'fuzz', 'kernel', 'optimize', 'package', 'pipelines', 'scripts'];

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
// The demo's page is JavaScript for browsers, with types in its comments.
await step(process.execPath, [path.join('node_modules', 'typescript', 'bin', 'tsc'), '-p', 'tsconfig.page.json']);

const tests = fs
  .readdirSync(path.join(ROOT, 'tests'), { recursive: true })
  .map((name) => path.join('tests', String(name)))
  .filter((name) => name.endsWith('.test.ts'))
  .sort();
const isIntegration = (name) => INTEGRATION.includes(name.split(path.sep)[1]);
await runTests(
  'Unit tests',
  tests.filter((name) => !isIntegration(name)),
);
if (process.argv.includes('--unit')) process.exit(0);
await runTests('Integration tests', tests.filter(isIntegration));

const unset = Object.keys(process.env).filter((name) =>
  /^BLIP_(MODEL|REVISION|DEVICE|PICTURE|DATASET|SPLIT|OUTPUT)$/.test(name),
);
console.log('Notebooks, from top to bottom (one to three minutes)');
await runAgain('notebooks', 'notebooks-again');
console.log('Solutions of the exercises (one to two minutes)');
await runAgain('solutions', 'solutions-again');

/** Executes the notebooks of a folder into another one under output, and compares the results. */
async function runAgain(source, target) {
  const again = path.join(ROOT, 'output', target);
  fs.rmSync(again, { recursive: true, force: true }); // nothing of an earlier run is compared
  const { code } = await executeNotebooks(again, {
    env: Object.fromEntries(unset.map((name) => [name, undefined])),
    source: path.join(ROOT, source),
  });
  if (code !== 0) process.exit(code);
  await step(PYTHON, [path.join('scripts', 'compare_notebooks.py'), source, again]);
}

async function runTests(title, files) {
  console.log(`${title} (${files.length} files)`);
  await step(process.execPath, [
    '--import',
    'tsx',
    '--test',
    '--test-concurrency=2',
    `--test-reporter=${process.env.CI ? 'spec' : 'dot'}`,
    ...files,
  ]);
}

async function step(program, args) {
  const { code } = await run(program, args);
  if (code !== 0) process.exit(code);
}
