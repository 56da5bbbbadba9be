// Whether node_modules holds what npm put there: packages, and files in them, that were removed or cut short since are
// found.
import * as fs from 'node:fs';
import * as path from 'node:path';

/** npm writes it last, and lists in it what it installed on this machine. */
const INSTALLED = path.join('node_modules', '.package-lock.json');
/** The files of the packages as they were when all was installed, one a line. */
export const FILE_LIST = path.join('node_modules', '.blip-setup-files');
/** fetch-openvino-node.mjs puts a binary here after the installation, and puts it aside where it does not work. */
const CHANGES = ['openvino-node/bin'];

/**
 * Reads the package.json of each package and looks for each file, which takes about a tenth of a second each.
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
  const missing = missingFile(root);
  return missing && `${missing} is missing`;
}

/** Notes which files are there, for later calls of {@link brokenPackage}. */
export function writeFileList(root) {
  fs.writeFileSync(path.join(root, FILE_LIST), listFiles(root).join('\n'));
}

/** Whatever is there beside the noted files does no harm. */
function missingFile(root) {
  const list = path.join(root, FILE_LIST);
  if (!fs.existsSync(list)) return undefined;
  const present = new Set(listFiles(root));
  const file = fs
    .readFileSync(list, 'utf8')
    .split('\n')
    .find((name) => name !== '' && !present.has(name));
  return file && `node_modules/${file}`;
}

/** Files of all packages, relative to node_modules, with `/`. Only folders are read: the files are not looked at. */
function listFiles(root) {
  const files = [];
  const visit = (folder) => {
    for (const entry of fs.readdirSync(path.join(root, 'node_modules', folder), { withFileTypes: true })) {
      if (folder === '' && entry.name.startsWith('.')) continue; // npm's own: links to commands, caches
      const name = folder === '' ? entry.name : `${folder}/${entry.name}`;
      if (CHANGES.includes(name)) continue;
      if (entry.isDirectory()) visit(name);
      else if (entry.isFile()) files.push(name);
    }
  };
  visit('');
  return files;
}

function readObject(file) {
  try {
    const value = JSON.parse(fs.readFileSync(file, 'utf8'));
    return typeof value === 'object' && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
}
