// npm run lab: JupyterLab at the project's root, with the TypeScript kernel ready.
import { PYTHON, run } from './common.mjs';
import { JUPYTER_ENVIRONMENT } from './notebooks.mjs';
import { setup } from './setup.mjs';

await setup();
const args = ['-m', 'jupyterlab', '--LabApp.default_url=/lab/tree/notebooks/233-blip-convert.ipynb'];
// The server starts at the root, so that notebooks find lib, models, data and the chart library under its files.
args.push('--ServerApp.root_dir=.');
// Containers often know no other user, and Jupyter refuses root unless it is told.
if (process.getuid?.() === 0) args.push('--allow-root');
const { code } = await run(PYTHON, [...args, ...process.argv.slice(2)], { env: JUPYTER_ENVIRONMENT });
process.exit(code);
