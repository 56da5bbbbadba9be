// This package's own version.
import * as path from 'node:path';
import { isRecord } from './is-record';
import { readJSON } from './read-json';

/** package.json lies two folders above, of the sources and of what is built from them. */
const FILE = path.join(__dirname, '..', '..', 'package.json');

/** @throws {FileError} when package.json cannot be read */
export function ownVersion(): string {
  const json = readJSON(FILE);
  return isRecord(json) && typeof json.version === 'string' ? json.version : 'unknown';
}
