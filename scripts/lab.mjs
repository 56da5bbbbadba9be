// npm run lab: JupyterLab at the project's root, with the TypeScript kernel ready.
import { inVenv, run } from './common.mjs';
import { setup } from './setup.mjs';

await setup();
// The server starts at the root, so that notebooks find lib, models, data and the chart library under its files.
const { code } = await run(inVenv('jupyter'), ['lab', '--ServerApp.root_dir=.', '--LabApp.default_url=/lab/tree/notebooks/233-blip-convert.ipynb', ...process.argv.slice(2)]);
process.exit(code);
