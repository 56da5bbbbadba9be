// Compares a model folder with its manifest: names and sizes at once, digests as they were remembered or by reading the
// files.
import * as fs from 'node:fs';
import * as path from 'node:path';
import { statOrNothing } from '../core/is-plain-file';
import { fileDigest, type FileDigestOptions } from '../core/file-digest';
import { readMemory, rememberedDigest } from './digest-memory';
import { MANIFEST_FILE, ModelFolderError, remakeAdvice, type ModelManifest } from './manifest';
import { MODEL_FILE } from './model-files';

/** @throws {ModelFolderError} when a file is missing or has another size, or there is a graph of another model */
export function checkNamesAndSizes(folder: string, manifest: ModelManifest): void {
  for (const [name, { size }] of Object.entries(manifest.files)) {
    const found = statOrNothing(path.join(folder, name));
    if (found === undefined) throw mismatch(folder, manifest, { name, got: 'is missing', expected: `${size} bytes` });
    if (found.size !== size)
      throw mismatch(folder, manifest, {
        name,
        got: `has ${found.size} bytes`,
        expected: `${size}: it was cut or changed`,
      });
  }
  const foreign = fs.readdirSync(folder).find((name) => MODEL_FILE.test(name) && !Object.hasOwn(manifest.files, name));
  if (foreign !== undefined)
    throw mismatch(folder, manifest, { name: foreign, got: 'is of another model', expected: 'it not to be there' });
}

/**
 * Reads only files that changed since they were read last.
 * @throws {ModelFolderError} when a file's content is another
 */
export async function checkDigests(folder: string, manifest: ModelManifest): Promise<void> {
  const memory = await readMemory();
  for (const [name, { sha256 }] of Object.entries(manifest.files))
    compare(folder, manifest, name, { sha256, got: await rememberedDigest(path.join(folder, name), memory) });
}

/** Reads every file, whatever is remembered. @throws {ModelFolderError} when a file's content is another */
export async function readAllDigests(
  folder: string,
  manifest: ModelManifest,
  options: FileDigestOptions,
): Promise<void> {
  for (const [name, { sha256 }] of Object.entries(manifest.files))
    compare(folder, manifest, name, { sha256, got: await fileDigest(path.join(folder, name), options) });
}

function compare(
  folder: string,
  manifest: ModelManifest,
  name: string,
  { sha256, got }: { sha256: string; got: string },
): void {
  if (got === sha256) return;
  throw mismatch(folder, manifest, {
    name,
    got: `has the SHA-256 ${got}`,
    expected: `${sha256}: its content was changed or damaged`,
  });
}

function mismatch(
  folder: string,
  manifest: ModelManifest,
  { name, got, expected }: { readonly name: string; readonly got: string; readonly expected: string },
): ModelFolderError {
  return new ModelFolderError(
    `${path.join(folder, name)} ${got}; ${MANIFEST_FILE} expects ${expected}. ${remakeAdvice(folder, manifest)}`,
  );
}
