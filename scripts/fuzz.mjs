// npm run fuzz: tries odd input on everything that reads files from outside. fuzz.ts says which options there are.
import * as path from 'node:path';
import { run } from './common.mjs';

const { code } = await run(process.execPath, [
  '--import',
  'tsx',
  path.join('scripts', 'fuzz.ts'),
  ...process.argv.slice(2),
]);
process.exit(code);
