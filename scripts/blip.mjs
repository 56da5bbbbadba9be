// npm run blip: the command `blip-openvino` from the sources, with the bundled model where none is named.
// npm run demo and npm run verify are two of its commands. Paths start at the project's folder.
import * as path from 'node:path';
import { run } from './common.mjs';
import { setup } from './setup.mjs';

const BUNDLED = { model: path.join('models', 'blip-scenes'), dataset: path.join('data', 'vqa-scenes') };
const RETRIEVAL = path.join('models', 'blip-scenes-itm');
/** Commands of retrieval models. */
const RETRIEVAL_COMMANDS = ['match', 'features', 'index', 'search'];
/** What needs no model, or has another default. */
const OTHER_MODELS = ['verify', 'info'];

await setup();
const args = process.argv.slice(2);
const { BLIP_MODEL, BLIP_DATASET } = process.env;
const usesBundled = !BLIP_MODEL && !OTHER_MODELS.includes(args[0]);
const { code, interrupted } = await run(
  process.execPath,
  ['--import', 'tsx', path.join('lib', 'cli', 'main.ts'), ...args],
  {
    env: usesBundled
      ? {
          BLIP_MODEL: RETRIEVAL_COMMANDS.includes(args[0]) ? RETRIEVAL : BUNDLED.model,
          BLIP_DATASET: BLIP_DATASET || BUNDLED.dataset,
        }
      : {},
  },
);
process.exitCode = interrupted && args[0] === 'demo' ? 0 : code;
