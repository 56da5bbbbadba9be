// npm run blip: the command `blip-openvino` from the sources, with the bundled model where none is named.
// npm run demo and npm run verify are two of its commands. Paths start at the project's folder.
import * as path from 'node:path';
import { run } from './common.mjs';
import { setup } from './setup.mjs';

const BUNDLED = { model: path.join('models', 'blip-scenes'), dataset: path.join('data', 'vqa-scenes') };
/** What the bundled model cannot do, or what needs no model: their defaults are others. */
const OTHER_MODELS = ['match', 'verify', 'info'];

await setup();
const args = process.argv.slice(2);
const { BLIP_MODEL, BLIP_DATASET } = process.env;
const usesBundled = !BLIP_MODEL && !OTHER_MODELS.includes(args[0]);
const { code, interrupted } = await run(
  process.execPath,
  ['--import', 'tsx', path.join('lib', 'cli', 'main.ts'), ...args],
  { env: usesBundled ? { BLIP_MODEL: BUNDLED.model, BLIP_DATASET: BLIP_DATASET || BUNDLED.dataset } : {} },
);
process.exitCode = interrupted && args[0] === 'demo' ? 0 : code;
