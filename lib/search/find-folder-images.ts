// The images below a folder, with what the file system knows of them.
import * as fs from 'node:fs';
import * as path from 'node:path';
import { imageFiles } from '../preprocessing/image-file';
import { SearchError } from './errors';
import { MAX_IMAGES } from './index-header';

export interface FoundFile {
  /** Relative to the folder, with `/` between its parts. */
  readonly path: string;
  readonly size: number;
  readonly mtimeNs: bigint;
}

export interface FolderImages {
  /** In the order of their paths. */
  readonly files: readonly FoundFile[];
  /** Folders and files that the system did not let look at, relative to the folder, and why. */
  readonly unreadable: readonly { readonly path: string; readonly reason: string }[];
}

/** Deeper folders are a circle of mounts. */
const MAX_DEPTH = 64;

/**
 * Hidden files and folders (`.name`) are left out. A link to a file is followed, a link to a folder is not, which could
 * lead in a circle.
 *
 * @throws {SearchError} when the folder itself cannot be read, or holds too many images
 */
export async function findFolderImages(root: string, signal?: AbortSignal): Promise<FolderImages> {
  const files: FoundFile[] = [];
  const unreadable: { path: string; reason: string }[] = [];
  const visit = async (folder: string, depth: number): Promise<void> => {
    signal?.throwIfAborted();
    const place = Buffer.from(path.join(root, folder));
    const entries = await fs.promises.readdir(place, { withFileTypes: true, encoding: 'buffer' });
    const named = entries.map((entry) => ({ entry, name: entry.name.toString('utf8') }));
    const images = imageFiles(named.map(({ name }) => name));
    for (const { entry, name } of named.sort((a, b) => (a.name < b.name ? -1 : 1))) {
      if (name.startsWith('.')) continue;
      const relative = folder === '' ? name : `${folder}/${name}`;
      if (!Buffer.from(name).equals(entry.name)) {
        if (entry.isDirectory() || images.has(name))
          unreadable.push({
            path: relative,
            reason: `its name is not in UTF-8 (bytes ${entry.name.toString('hex').slice(0, 80)}). Rename it.`,
          });
        continue;
      }
      try {
        if (entry.isDirectory()) {
          if (depth < MAX_DEPTH) await visit(relative, depth + 1);
          else unreadable.push({ path: relative, reason: `deeper than ${MAX_DEPTH} folders` });
        } else if (images.has(name)) {
          const stat = await fs.promises.stat(path.join(root, relative), { bigint: true });
          if (stat.isFile()) files.push({ path: relative, size: Number(stat.size), mtimeNs: stat.mtimeNs });
          else if (!stat.isDirectory()) unreadable.push({ path: relative, reason: 'no plain file' });
        }
      } catch (error) {
        if (error instanceof SearchError || signal?.aborted) throw error;
        unreadable.push({ path: relative, reason: error instanceof Error ? error.message : String(error) });
      }
      if (files.length > MAX_IMAGES)
        throw new SearchError(`${root}: has more than ${MAX_IMAGES} images. Index its folders one by one.`);
    }
  };
  try {
    await visit('', 0);
  } catch (error) {
    if (error instanceof SearchError || signal?.aborted) throw error;
    throw new SearchError(
      `${root}: the folder cannot be read: ${error instanceof Error ? error.message : String(error)}. Expected a ` +
        'folder of images.',
      { cause: error },
    );
  }
  return { files, unreadable };
}
