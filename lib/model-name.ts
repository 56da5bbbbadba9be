// A short name for a checkpoint, used for the folder that its converted models are written to.
import * as path from 'node:path';

/**
 * The last part of a hub id or folder.
 *
 * @example
 * modelName('Salesforce/blip-vqa-base') // 'blip-vqa-base'
 * modelName('models/blip-scenes/')      // 'blip-scenes'
 */
export function modelName(idOrFolder: string): string {
  return path.basename(path.normalize(idOrFolder.replace(/[\\/]+$/, '')));
}
