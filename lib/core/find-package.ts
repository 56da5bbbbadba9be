// Where an npm package is installed: as a dependency of this library, or of the program that uses it.
import * as fs from 'node:fs';
import { createRequire } from 'node:module';
import * as path from 'node:path';
import { readJSON } from './read-json';

/**
 * The folder of an installed package, found as Node finds it: in node_modules of a folder and of those above it. Looks
 * from this library first, then from the working folder: a package manager may put an optional package out of the
 * library's reach.
 *
 * @param from folders to look from
 * @example
 * findPackage('sharp') // '/app/node_modules/sharp', or undefined
 */
export function findPackage(name: string, from: readonly string[] = [__dirname, process.cwd()]): string | undefined {
  for (const folder of from) {
    const require = createRequire(path.join(folder, 'package.json'));
    for (const modules of require.resolve.paths(name) ?? []) {
      const found = path.join(modules, name);
      if (fs.existsSync(path.join(found, 'package.json'))) return found;
    }
    try {
      return path.dirname(require.resolve(`${name}/package.json`)); // Yarn's Plug'n'Play has no node_modules
    } catch {
      /* not from here */
    }
  }
  return undefined;
}

/** The version of an installed package; undefined when it is not installed. */
export function packageVersion(name: string): string | undefined {
  const folder = findPackage(name);
  if (folder === undefined) return undefined;
  const json = readJSON(path.join(folder, 'package.json'));
  return typeof json === 'object' && json !== null && 'version' in json ? String(json.version) : undefined;
}
