// Whether node_modules holds what npm put there: packages that were removed or cut short since are found.
import * as fs from 'node:fs';
import * as path from 'node:path';

/** npm writes it last, and lists in it what it installed on this machine. */
const INSTALLED = path.join('node_modules', '.package-lock.json');

/**
 * Reads the package.json of each package, which takes about a tenth of a second.
 * @param {string} root the project's folder
 * @returns {string | undefined} what is wrong; undefined where nothing is, or where another program than npm installed
 */
export function brokenPackage(root) {
  const list = path.join(root, INSTALLED);
  if (!fs.existsSync(list)) return undefined;
  const packages = readObject(list)?.packages;
  if (typeof packages !== 'object' || packages === null) return `${INSTALLED} is damaged`;
  for (const [folder, { version, integrity, link }] of Object.entries(packages)) {
    if (!integrity || link) continue; // a folder of this project
    const manifest = readObject(path.join(root, folder, 'package.json'));
    if (manifest === undefined) return `${folder} is missing or damaged`;
    if (manifest.version !== version) return `${folder} is version ${manifest.version}, expected ${version}`;
  }
  return undefined;
}

function readObject(file) {
  try {
    const value = JSON.parse(fs.readFileSync(file, 'utf8'));
    return typeof value === 'object' && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
}
