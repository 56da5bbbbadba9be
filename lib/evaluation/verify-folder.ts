// Verifies a folder of converted models: every file is read and compared with the manifest.
import * as fs from 'node:fs';
import * as path from 'node:path';
import { verifyModelFolder, type VerifyFolderOptions } from '../model-folder';
import { MANIFEST_FILE } from '../model-folder/manifest';
import { megabytes, type MakeRow, type VerifyRow } from './verify-rows';

/** Whether it holds converted models rather than a checkpoint. */
export function isModelFolder(folder: string): boolean {
  return [MANIFEST_FILE, 'blip_vision_model.xml'].some((name) => fs.existsSync(path.join(folder, name)));
}

/** @throws {ModelFolderError} that says what is wrong, and how the folder is made anew */
export async function* verifyFolder(
  row: MakeRow,
  folder: string,
  options: VerifyFolderOptions,
): AsyncGenerator<VerifyRow, void, undefined> {
  const { made_by, checkpoint, versions, files } = await verifyModelFolder(folder, options);
  const bytes = Object.values(files).reduce((sum, { size }) => sum + size, 0);
  yield row('files and digests', 'pass', { got: `${Object.keys(files).length} files, ${megabytes(bytes)}` });
  const { id, commit } = checkpoint;
  yield row('made by', 'info', { got: `${made_by} from ${id}${commit === undefined ? '' : `@${commit}`}` });
  const named = Object.entries(versions).map(([name, version]) => `${name} ${version}`);
  if (named.length > 0) yield row('versions', 'info', { got: named.join(', ') });
}
