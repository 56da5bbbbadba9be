// From what a user names, a folder or a hub id, to a folder with the checkpoint's files.
import * as fs from 'node:fs';
import * as path from 'node:path';
import { statOrNothing } from '../core/is-plain-file';
import { describeOddFile } from '../core/is-plain-file';
import {
  downloadSnapshot,
  EntryNotFoundError,
  explainMissingFolder,
  HubError,
  isHubId,
  MissingWeightsError,
  splitRevision,
  UnreachableError,
  type DownloadOptions,
  type SnapshotWeights,
} from '../hub';
import { checkSideFiles } from './check-side-files';
import { CONFIG_FILE, SIDE_FILES, WEIGHT_FILES } from './checkpoint-files';
import { CheckpointError } from './errors';
import { ADAPTER_FILE, explainAdapter } from './explain-adapter';
import { isWeightsName } from './open-weights';
import { readWeightIndex } from './weight-index';

/** Where checkpoints usually lie, below the current folder. */
const PLACES = ['models'];
/** Of a folder that is no checkpoint, so many names are shown, looked into, and suggested. */
const MAX_NAMES = 20;
const MAX_LOOKED_AT = 1000;
const MAX_SUGGESTIONS = 2;
/** The hub's branch when none is named. */
const MAIN = 'main';

const WEIGHTS: readonly SnapshotWeights[] = WEIGHT_FILES.map(({ name, sharded }) => ({
  name,
  ...(sharded && { readShards: (index: string) => [...new Set(readWeightIndex(index).values())] }),
}));

export interface FoundCheckpoint {
  readonly folder: string;
  /** The file of weights that was named; else it is one of WEIGHT_FILES in the folder. */
  readonly file?: string;
  /** The folder as it was given, or the hub id, with its revision behind an @ unless that is `main`. */
  readonly id: string;
}

/**
 * A folder with config.json is taken as it is, and a file of weights (`model_base_vqa.pth`) with its folder; a hub id
 * is fetched into the hub's cache. The revision is the option's, the id's own (`owner/name@revision`), that of the
 * environment variable BLIP_REVISION, or `main`.
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
  if (isFile(idOrFolder)) return { folder: path.dirname(idOrFolder), file: idOrFolder, id: idOrFolder };
  if (idOrFolder !== '' && fs.existsSync(idOrFolder)) throw new CheckpointError(explainFolder(idOrFolder));
  if (isWeightsName(idOrFolder) && !isHubName(idOrFolder))
    throw new CheckpointError(`${idOrFolder}: no such file. Check the path; it starts at the current folder.`);
  const problem = explainMissingFolder(idOrFolder, {
    expected:
      `a folder with ${CONFIG_FILE} and ${WEIGHT_FILES[0].name} or ${WEIGHT_FILES[2].name}, a file of weights, ` +
      'or a hub id such as Salesforce/blip-vqa-base',
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
  const wanted = { files: SIDE_FILES, weights: (which.weights ?? true) ? WEIGHTS : [], check: checkSideFiles };
  const folder = await downloadSnapshot(id, wanted, { ...options, revision }).catch(async (error: unknown) => {
    if (error instanceof UnreachableError)
      throw new UnreachableError(`${error.message} ${offlineAdvice()}`, { cause: error.cause ?? error });
    if (!(error instanceof EntryNotFoundError || error instanceof MissingWeightsError)) throw error;
    throw await explainRepository(id, { ...options, revision }, error);
  });
  return { folder, id: revision === MAIN ? id : `${id}@${revision}` };
}

/** What works without a network, with the first checkpoint that lies here. */
function offlineAdvice(): string {
  const here = PLACES.flatMap(namesIn).find((folder) => isFile(path.join(folder, CONFIG_FILE)));
  return `Without a network, name a checkpoint's folder${here === undefined ? '' : `, such as ${here}`}.`;
}

function namesIn(folder: string): string[] {
  try {
    return fs
      .readdirSync(folder)
      .sort()
      .map((name) => path.join(folder, name));
  } catch {
    return []; // one that may not be read
  }
}

/** A repository without config.json, or without weights, may be an adapter. */
async function explainRepository(id: string, options: DownloadOptions, error: HubError): Promise<Error> {
  try {
    const folder = await downloadSnapshot(
      id,
      { files: [{ name: ADAPTER_FILE, required: true }], weights: [] },
      options,
    );
    const problem = explainAdapter(folder, id);
    return problem === undefined ? error : new CheckpointError(problem, { cause: error });
  } catch (other) {
    if (other instanceof HubError) return error;
    throw other;
  }
}

function explainFolder(folder: string): string {
  const adapter = explainAdapter(folder);
  if (adapter !== undefined) return adapter;
  const odd = describeOddFile(folder);
  if (odd !== undefined && odd !== 'a folder')
    return `${folder} is ${odd}; expected a checkpoint folder, a file of weights, or a hub id.`;
  let names: string[];
  try {
    names = fs.readdirSync(folder);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return `${folder}: the folder cannot be read: ${reason}. Check who may read it.`;
  }
  const [weights] = names.filter(isWeightsName);
  const inner = innerCheckpoints(folder, names);
  const shown = names.slice(0, MAX_NAMES).join(', ') + (names.length > MAX_NAMES ? ', …' : '');
  return (
    `${folder}: no ${CONFIG_FILE} here (found ${shown || 'nothing'}). Expected a checkpoint folder in ` +
    'Hugging Face format' +
    (inner.length > 0
      ? `; there is one in ${inner.join(' and in ')}: name that folder.`
      : weights
        ? `; to load a checkpoint of the original repository, name the file: ${path.join(folder, weights)}.`
        : '.')
  );
}

/** A training's output folder has `checkpoint-500`, a repository's folder in the hub's cache `snapshots/<commit>`. */
function innerCheckpoints(folder: string, names: readonly string[]): string[] {
  const order = new Intl.Collator('en', { numeric: true }).compare;
  const places = names.flatMap((name) => (name === 'snapshots' ? listNames(path.join(folder, name)) : []));
  return [...names, ...places.map((commit) => path.join('snapshots', commit))]
    .slice(0, MAX_LOOKED_AT)
    .filter((name) => isFile(path.join(folder, name, CONFIG_FILE)))
    .sort((a, b) => order(b, a)) // the latest step first
    .slice(0, MAX_SUGGESTIONS)
    .map((name) => path.join(folder, name));
}

function listNames(folder: string): string[] {
  try {
    return fs.readdirSync(folder);
  } catch {
    return []; // no folder, or one that is closed
  }
}

function isFile(source: string): boolean {
  return statOrNothing(source)?.isFile() ?? false;
}

/** `owner/name` where there is no folder `owner`: a hub id may end as a file does. */
function isHubName(source: string): boolean {
  return source.split('/').length === 2 && isHubId(source) && !fs.existsSync(path.dirname(source));
}
