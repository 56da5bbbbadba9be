// A short name for a checkpoint, used for the folder that its converted models are written to.
import * as path from 'node:path';

/**
 * The last part of a hub id or folder; of `.` and `..` the name of the folder that they stand for.
 *
 * @example
 * modelName('Salesforce/blip-vqa-base') // 'blip-vqa-base'
 * modelName('models/blip-scenes/')      // 'blip-scenes'
 */
export function modelName(idOrFolder: string): string {
  return path.basename(path.resolve(idOrFolder));
}
