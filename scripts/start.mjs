// npm start: runs the notebooks from top to bottom and prints what came out. With --save, the executed notebooks
// replace those in notebooks/, if all went well.
import * as path from 'node:path';
import { ENDING_SIGNALS, INTERRUPTED_CODE, ROOT, endProcess, fail } from './common.mjs';
import { saveNotebook } from './save-notebook.mjs';
import { NOTEBOOKS, executeNotebooks, requireTypeScript } from './notebooks.mjs';
import { setup } from './setup.mjs';

// A terminal that was closed is no reason to stop in the middle of tidying up.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {});
// An interrupt while nobody else listens, between two programs, ends this one.
for (const signal of ENDING_SIGNALS)
  process.on(signal, () => {
    if (process.listenerCount(signal) === 1) endProcess(INTERRUPTED_CODE);
  });

await setup();
process.chdir(ROOT);
const { BlipError } = requireTypeScript('../lib/core/errors.ts');
const { removeResults } = requireTypeScript('../lib/notebook/results.ts');
const { runSettings } = requireTypeScript('../lib/notebook/run-settings.ts');
const { planRun } = requireTypeScript('./plan-run.ts');
const { summarizeRun } = requireTypeScript('./summarize-run.ts');

try {
  endProcess(await start(runSettings()));
} catch (error) {
  if (!(error instanceof BlipError)) throw error;
  fail(error.message);
}

async function start(settings) {
  for (const line of await planRun(settings)) console.log(line);
  removeResults();
  const folder = path.join(settings.output, 'notebooks');
  const { code } = await executeNotebooks(folder);
  const executed = NOTEBOOKS.map((name) => path.join(folder, name));
  for (const line of summarizeRun(settings, executed)) console.log(line);
  if (code === 0 && process.argv.includes('--save'))
    for (const file of executed) saveNotebook(file, path.join('notebooks', path.basename(file)));
  return code;
}
