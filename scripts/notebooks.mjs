// The notebooks in the order they build on each other, and how they are executed.
import * as fs from 'node:fs';
import { createRequire } from 'node:module';
import * as path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { ENDING_SIGNALS, INTERRUPTED_CODE, PYTHON, ROOT, run } from './common.mjs';

export const NOTEBOOKS = ['233-blip-convert.ipynb', '233-blip-optimize.ipynb'];

/** The project's kernel goes before one of the same name in the user's own folders. */
export const JUPYTER_ENVIRONMENT = { JUPYTER_PREFER_ENV_PATH: '1', JUPYTER_PLATFORM_DIRS: '1' };

/** Model folders lie two levels below the output folder: output/<model>/<precision>. */
const MODEL_DEPTH = 2;
/** A kernel whose parent was killed notices within a second. */
const KERNEL_ENDS_MS = 5000;
const CHECK_MS = 250;

/**
 * Executes notebooks one after the other into `folder`, until one fails or is interrupted. Each is saved as far as it
 * ran, and nothing half-written stays in the output folder.
 *
 * @returns the exit code (0; 1 for a failure, 130 for an interrupt) and, unless it is 0, the notebook that ended early
 */
export async function executeNotebooks(
  folder,
  { env = {}, notebooks = NOTEBOOKS, source = path.join(ROOT, 'notebooks') } = {},
) {
  fs.mkdirSync(folder, { recursive: true });
  for (const name of notebooks) fs.rmSync(path.join(folder, name), { force: true }); // those of an earlier run
  const started = Date.now();
  let stopped = false; // also between two programs
  const onSignal = () => {
    stopped = true;
  };
  for (const signal of ENDING_SIGNALS) process.on(signal, onSignal);
  try {
    for (const name of notebooks) {
      const code = stopped
        ? INTERRUPTED_CODE
        : await executeNotebook(path.join(source, name), path.join(folder, name), env);
      if (code === 0 && !stopped) continue;
      await removeUnfinished(env.BLIP_OUTPUT ?? process.env.BLIP_OUTPUT, started);
      return { code: stopped ? INTERRUPTED_CODE : code, notebook: name };
    }
    return { code: 0 };
  } finally {
    for (const signal of ENDING_SIGNALS) process.off(signal, onSignal);
  }
}

async function executeNotebook(source, target, env) {
  const { code, interrupted } = await run(
    PYTHON,
    [path.join(ROOT, 'scripts', 'execute_notebook.py'), source, target, '--stop-with-stdin'],
    { env: { ...JUPYTER_ENVIRONMENT, ...env }, forward: true, lifeline: true },
  );
  return interrupted ? INTERRUPTED_CODE : code;
}

/** What a kernel left that could not tidy up itself: it was killed, or stuck. */
async function removeUnfinished(output, since) {
  const { removeUnfinished: remove } = requireTypeScript('../lib/model-folder/unfinished.ts');
  const folder = path.resolve(ROOT, output || 'output');
  for (let waited = 0; waited <= KERNEL_ENDS_MS; waited += CHECK_MS) {
    const left = await remove(folder, MODEL_DEPTH, since);
    if (left.length === 0) return;
    await sleep(CHECK_MS);
  }
}

const require = createRequire(import.meta.url);

/** A module of the library, for a script that is plain JavaScript because it runs before anything is installed. */
export function requireTypeScript(file) {
  require('tsx/cjs');
  return require(file);
}
