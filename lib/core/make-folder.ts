// Makes a folder and those above it that are missing, one at a time: Node's own `recursive` never returns for a folder
// below /proc, where the system says that a folder which is there is not.
import * as fs from 'node:fs';
import * as path from 'node:path';

/**
 * @returns the outermost folder that was made; undefined when all were there
 * @throws the system's error, such as EACCES, ENOTDIR or EROFS, with the path of the folder that could not be made;
 *   what was made before stays, and is empty
 * @example
 * await makeFolder('output/blip-scenes/fp16') // '/home/ada/project/output', if that was missing
 */
export async function makeFolder(folder: string): Promise<string | undefined> {
  return makeFolderSync(folder); // a call or two that make an entry each: not worth a thread
}

/** The same, without a promise. */
export function makeFolderSync(folder: string): string | undefined {
  let made: string | undefined;
  for (const each of missing(path.resolve(folder))) {
    try {
      fs.mkdirSync(each);
      made ??= each;
    } catch (error) {
      if (!isFolder(each)) throw error; // another process may have made it in the meantime
    }
  }
  return made;
}

/** Folders to be made, the outermost first. */
function missing(folder: string): string[] {
  const folders: string[] = [];
  for (let each = folder; !isFolder(each); each = path.dirname(each)) {
    folders.unshift(each);
    if (each === path.dirname(each)) break;
  }
  return folders;
}

function isFolder(name: string): boolean {
  try {
    return fs.statSync(name).isDirectory();
  } catch {
    return false; // what hinders, mkdir says
  }
}
