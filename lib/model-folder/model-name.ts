// A short name for a checkpoint, used for the folder that its converted models are written to.
import * as fs from 'node:fs';
import * as path from 'node:path';
import { checkArguments } from '../core/check-arguments';
import { splitRevision } from '../hub';

/**
 * The last part of a hub id or folder; of `.` and `..` the name of the folder that they stand for. A hub id's revision
 * stays behind it, so that models of two revisions do not take each other's place.
 *
 * @example
 * modelName('Salesforce/blip-vqa-base') // 'blip-vqa-base'
 * modelName('models/blip-scenes/')      // 'blip-scenes'
 * modelName('Salesforce/blip-image-captioning-base@refs/pr/7') // 'blip-image-captioning-base@refs-pr-7'
 */
export function modelName(idOrFolder: string): string {
  checkArguments('modelName', { idOrFolder: [idOrFolder, 'path'] });
  const { id, revision } = splitRevision(idOrFolder);
  if (revision !== undefined && !fs.existsSync(idOrFolder))
    return `${path.posix.basename(id)}@${revision.replaceAll('/', '-')}`;
  return path.basename(path.resolve(idOrFolder));
}
