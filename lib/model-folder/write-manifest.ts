// Writes the manifest of a model that is complete: every file is read back for it, as it lies on the disk.
import * as fs from 'node:fs';
import * as path from 'node:path';
import { fileDigest } from '../core/file-digest';
import { formatManifest, MANIFEST_FILE, type ManifestFile, type ModelOrigin } from './manifest';

/** @param folder the model's files; folders in it are none of them */
export async function writeManifest(folder: string, origin: ModelOrigin, signal?: AbortSignal): Promise<void> {
  const files: Record<string, ManifestFile> = {};
  for (const entry of await fs.promises.readdir(folder, { withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const file = path.join(folder, entry.name);
    const sha256 = await fileDigest(file, { signal });
    files[entry.name] = { size: (await fs.promises.stat(file)).size, sha256 };
  }
  await fs.promises.writeFile(path.join(folder, MANIFEST_FILE), formatManifest({ ...origin, files }));
}
