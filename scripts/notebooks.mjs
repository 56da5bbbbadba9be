// The notebooks in the order they build on each other, and how they are executed.
import * as fs from 'node:fs';
import * as path from 'node:path';
import { ROOT, inVenv, run } from './common.mjs';

/** Only those that exist. */
export const NOTEBOOKS = ['233-blip-convert.ipynb', '233-blip-optimize.ipynb'].filter((name) => fs.existsSync(path.join(ROOT, 'notebooks', name)));

/** Executes notebooks one after the other into `folder`. Returns the exit code of the first that fails, else 0. */
export async function executeNotebooks(folder, env = {}) {
  fs.mkdirSync(folder, { recursive: true });
  for (const name of NOTEBOOKS) {
    const { code } = await run(inVenv('python'), [path.join(ROOT, 'scripts', 'execute_notebook.py'), path.join(ROOT, 'notebooks', name), path.join(folder, name)], { env });
    if (code !== 0) return code;
  }
  return 0;
}
