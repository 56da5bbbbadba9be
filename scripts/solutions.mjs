// npm run solutions: runs the solutions of the exercises, whose cells check themselves. With --save, the executed
// notebooks replace those in solutions/, if all went well.
import * as fs from 'node:fs';
import * as path from 'node:path';
import { ROOT } from './common.mjs';
import { NOTEBOOKS, executeNotebooks } from './notebooks.mjs';
import { setup } from './setup.mjs';

const SOLUTIONS = path.join(ROOT, 'solutions');

await setup();
const folder = path.join(ROOT, 'output', 'solutions', 'notebooks');
const { code } = await executeNotebooks(folder, { source: SOLUTIONS });
if (code === 0 && process.argv.includes('--save'))
  for (const name of NOTEBOOKS) fs.copyFileSync(path.join(folder, name), path.join(SOLUTIONS, name));
process.exit(code);
