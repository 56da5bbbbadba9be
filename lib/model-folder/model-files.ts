// Which files of a folder belong to its model: graphs, weights, companions, manifest. Whatever else lies there is left
// alone.
import { COMPANION_FILES } from '../checkpoint/checkpoint-files';
import { MANIFEST_FILE } from './manifest';

/** A model folder's graphs and their weights. */
export const MODEL_FILE = /^blip_\w+\.(xml|bin)$/;
/** Held while a finished model is moved into the folder. */
export const LOCK_FILE = '.blip_folder.lock';

export function belongsToModel(name: string): boolean {
  return MODEL_FILE.test(name) || COMPANION_FILES.includes(name) || name === MANIFEST_FILE;
}
