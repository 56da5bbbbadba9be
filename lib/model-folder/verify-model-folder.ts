// Reads every file of a model folder and compares it with the manifest: for a copy, a download, or a disk that is not
// trusted.
import * as fs from 'node:fs';
import * as path from 'node:path';
import { checkArguments } from '../core/check-arguments';
import { checkOptions } from '../core/check-options';
import type { ProgressCallback } from '../core/progress';
import { withCallbacks } from '../core/with-callbacks';
import { checkNamesAndSizes, readAllDigests } from './check-folder';
import { MANIFEST_FILE, ModelFolderError, readManifest, type ModelManifest } from './manifest';

export interface VerifyFolderOptions {
  readonly progress_callback?: ProgressCallback;
  readonly signal?: AbortSignal;
}

/**
 * Loading a model checks digests too, but reads no file twice that did not change; this reads all of them.
 *
 * @param folder what `convertBlip` or `quantizeBlip` wrote
 * @returns its manifest: what it was made of, and its files
 * @throws {ModelFolderError} when a file is missing, cut or changed, or the folder has no manifest; it names the
 *   file, and the call that makes the folder anew
 * @example
 * const { checkpoint, files } = await verifyModelFolder('output/blip-scenes/fp16');
 * checkpoint.id // 'blip-scenes'
 */
export async function verifyModelFolder(folder: string, options: VerifyFolderOptions = {}): Promise<ModelManifest> {
  checkArguments('verifyModelFolder', { folder: [folder, 'path'] });
  checkOptions('verifyModelFolder', options, ['progress_callback', 'signal']);
  const manifest = readManifest(folder);
  if (!manifest)
    throw new ModelFolderError(
      `${path.join(folder, MANIFEST_FILE)} is missing${fs.existsSync(folder) ? '' : ', and the folder too'}: ` +
        'there is nothing to ' +
        'compare with. Expected a folder that convertBlip or quantizeBlip of this version wrote: convert the ' +
        'checkpoint again.',
    );
  checkNamesAndSizes(folder, manifest);
  const total = Object.values(manifest.files).reduce((sum, { size }) => sum + size, 0);
  return withCallbacks(options.signal, async (guard) => {
    const report = guard(options.progress_callback);
    let loaded = 0;
    const onBytes = (bytes: number): void =>
      report({ status: 'verify', file: folder, loaded: (loaded += bytes), total });
    await readAllDigests(folder, manifest, { signal: options.signal, onBytes });
    return manifest;
  });
}
