// npm run demo: a page to ask the model about pictures, in the browser.
import * as path from 'node:path';
import { run } from './common.mjs';
import { setup } from './setup.mjs';

await setup();
const { code, interrupted } = await run(process.execPath, [
  '--import',
  'tsx',
  path.join('scripts', 'demo.ts'),
  ...process.argv.slice(2),
]);
process.exit(interrupted ? 0 : code);
