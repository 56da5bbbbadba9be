// Packages that only notebooks need are not installed with the library: loaded at first use, and named where they are
// missing.
import { createRequire } from 'node:module';
import * as path from 'node:path';
import { BlipError } from '../core/errors';
import { findPackage } from '../core/find-package';

/** A package that draws figures or charts is not installed. */
export class NotebookPackageError extends BlipError {}

const PURPOSES = {
  jimp: 'composes figures',
  jsdom: 'draws charts outside a browser',
  'plotly.js-dist': 'draws charts',
} as const;

type NotebookPackage = keyof typeof PURPOSES;

/**
 * @param load requires the package, so that the compiler knows its type; its `require` reaches what only the working
 *   folder's project has
 * @throws {NotebookPackageError} when it is not installed, with the command that installs it
 */
export function loadPackage<T>(name: NotebookPackage, load: (require: NodeJS.Require) => T): T {
  return load(createRequire(path.join(path.dirname(packageFolder(name)), 'beside.js')));
}

/** The package's folder. @throws {NotebookPackageError} when it is not installed, with the command that installs it */
export function packageFolder(name: NotebookPackage): string {
  const folder = findPackage(name);
  if (folder !== undefined) return folder;
  throw new NotebookPackageError(
    `The package ${name}, which ${PURPOSES[name]}, is not installed. It does not come with blip-openvino because ` +
      'only ' +
      `notebooks need it. Run: npm install ${Object.keys(PURPOSES).join(' ')}`,
  );
}
