// From what a user names, a folder or a hub id, to a folder with the checkpoint's files.
import * as fs from 'node:fs';
import * as path from 'node:path';
import {
  downloadSnapshot,
  explainMissingFolder,
  splitRevision,
  type DownloadOptions,
  type SnapshotWeights,
} from '../hub';
import { checkSideFiles } from './check-side-files';
import { CONFIG_FILE, SIDE_FILES, WEIGHT_FILES } from './checkpoint-files';
import { CheckpointError } from './errors';
import { readWeightIndex } from './weight-index';

/** Where checkpoints usually lie, below the current folder. */
const PLACES = ['models'];
/** The hub's branch when none is named. */
const MAIN = 'main';

const WEIGHTS: readonly SnapshotWeights[] = WEIGHT_FILES.map(({ name, sharded }) => ({
  name,
  ...(sharded && { readShards: (index: string) => [...new Set(readWeightIndex(index).values())] }),
}));

export interface FoundCheckpoint {
  readonly folder: string;
  /** The folder as it was given, or the hub id, with its revision behind an @ unless that is `main`. */
  readonly id: string;
}

/**
 * A folder with config.json is taken as it is; a hub id is fetched into the hub's cache.
 * The revision is the option's, the id's own (`owner/name@revision`), that of the environment variable BLIP_REVISION, or `main`.
 *
 * @param which `weights: false` for the side files alone
 * @throws {CheckpointError} when a folder is no checkpoint, or a name stands for nothing
 * @throws {HubError} when it cannot be fetched
 */
export async function findCheckpoint(
  idOrFolder: string,
  options: DownloadOptions = {},
  which: { readonly weights?: boolean } = {},
): Promise<FoundCheckpoint> {
  if (fs.existsSync(path.join(idOrFolder, CONFIG_FILE))) return { folder: idOrFolder, id: idOrFolder };
  if (idOrFolder !== '' && fs.existsSync(idOrFolder)) throw new CheckpointError(explainFolder(idOrFolder));
  const problem = explainMissingFolder(idOrFolder, {
    expected: `a folder with ${CONFIG_FILE} and ${WEIGHT_FILES[0].name}, or a hub id such as Salesforce/blip-vqa-base`,
    places: PLACES,
    isOne: (folder) => fs.existsSync(path.join(folder, CONFIG_FILE)),
  });
  if (problem !== undefined) throw new CheckpointError(problem);
  const { id, revision: own } = splitRevision(idOrFolder);
  if (own !== undefined && options.revision !== undefined && own !== options.revision)
    throw new CheckpointError(
      `${idOrFolder}: names the revision "${own}", the option revision "${options.revision}". Name one of them.`,
    );
  const revision = options.revision ?? own ?? (process.env.BLIP_REVISION || MAIN);
  const folder = await downloadSnapshot(
    id,
    {
      files: SIDE_FILES,
      weights: (which.weights ?? true) ? WEIGHTS : [],
      check: checkSideFiles,
    },
    { ...options, revision },
  );
  return { folder, id: revision === MAIN ? id : `${id}@${revision}` };
}

function explainFolder(folder: string): string {
  const names = fs.statSync(folder).isDirectory() ? fs.readdirSync(folder).join(', ') || 'nothing' : 'a file';
  return `${folder}: no ${CONFIG_FILE} here (found ${names}). Expected a checkpoint folder in Hugging Face format.`;
}
