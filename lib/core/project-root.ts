// Finds the project's root folder: a notebook runs in it, a test or a script may run below it.
import * as fs from 'node:fs';
import * as path from 'node:path';
import { BlipError } from './errors';

export class ProjectRootError extends BlipError {}

const PACKAGE_NAME = 'blip-openvino';

/**
 * The nearest folder at or above this file, or else above the working folder, whose package.json is this project's.
 * (A notebook kernel may run a compiled copy of this file from elsewhere; then the working folder decides.)
 *
 * @returns an absolute path, without a trailing separator
 * @throws {ProjectRootError} when neither lies inside the project
 */
export function projectRoot(): string {
  for (const start of [__dirname, process.cwd()]) {
    for (let folder = start; ; folder = path.dirname(folder)) {
      if (isProject(folder)) return folder;
      if (folder === path.dirname(folder)) break;
    }
  }
  throw new ProjectRootError(
    `No package.json of "${PACKAGE_NAME}" at or above ${__dirname} and ${process.cwd()}: run from inside the project.`,
  );
}

function isProject(folder: string): boolean {
  const file = path.join(folder, 'package.json');
  if (!fs.existsSync(file)) return false;
  const json: unknown = JSON.parse(fs.readFileSync(file, 'utf8'));
  return typeof json === 'object' && json !== null && 'name' in json && json.name === PACKAGE_NAME;
}
