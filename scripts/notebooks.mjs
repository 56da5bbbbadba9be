// The notebooks in the order they build on each other, and how they are executed.
import * as fs from 'node:fs';
import * as path from 'node:path';
import { PYTHON, ROOT, run } from './common.mjs';

/** Only those that exist. */
export const NOTEBOOKS = ['233-blip-convert.ipynb', '233-blip-optimize.ipynb'].filter((name) =>
  fs.existsSync(path.join(ROOT, 'notebooks', name)),
);

/** The project's kernel goes before one of the same name in the user's own folders. */
export const JUPYTER_ENVIRONMENT = { JUPYTER_PREFER_ENV_PATH: '1', JUPYTER_PLATFORM_DIRS: '1' };

/** Executes notebooks one after the other into `folder`. Returns the exit code of the first that fails, else 0. */
export async function executeNotebooks(folder, env = {}) {
  fs.mkdirSync(folder, { recursive: true });
  for (const name of NOTEBOOKS) {
    const { code } = await run(
      PYTHON,
      [path.join(ROOT, 'scripts', 'execute_notebook.py'), path.join(ROOT, 'notebooks', name), path.join(folder, name)],
      { env: { ...JUPYTER_ENVIRONMENT, ...env } },
    );
    if (code !== 0) return code;
  }
  return 0;
}
