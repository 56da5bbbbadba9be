// What a bundle says about itself: packages/bundle.json, what it was made for, and the digests of its parts. A folder
// that has it sets itself up from packages/, without a network.
import { createHash } from 'node:crypto';
import * as fs from 'node:fs';
import * as path from 'node:path';
import { pipeline } from 'node:stream/promises';
import { SetupError } from './system.mjs';

export const PACKAGES = 'packages';
export const NODE_ARCHIVE = `${PACKAGES}/node_modules.tar.gz`;
export const WHEELS = `${PACKAGES}/wheels`;
const MANIFEST = `${PACKAGES}/bundle.json`;
const FORMAT = 1;
const NEW_ONE = 'Make one on a machine like this: npm run bundle';
const OR_NETWORK = `, or remove the folder ${PACKAGES} to install over the network`;

/**
 * @returns undefined where the folder is no bundle
 * @throws {SetupError} when its manifest cannot be read
 */
export function readBundle(root) {
  const file = path.join(root, MANIFEST);
  if (!fs.existsSync(file)) return undefined;
  let bundle;
  try {
    bundle = JSON.parse(fs.readFileSync(file, 'utf8'));
  } catch (error) {
    throw new SetupError(`${file} cannot be read (${error.message}). Copy the bundle again${OR_NETWORK}.`);
  }
  const { format, made_for, locks, archive } = bundle ?? {};
  const texts = [made_for?.platform, made_for?.arch, made_for?.python, locks?.node, locks?.python, archive?.sha256];
  if (format !== FORMAT || !texts.every((text) => typeof text === 'string'))
    throw new SetupError(`${file} is not a manifest of format ${FORMAT}. ${NEW_ONE}${OR_NETWORK}.`);
  return bundle;
}

export function writeBundle(root, { made_for, locks, archive }) {
  const file = path.join(root, MANIFEST);
  fs.writeFileSync(`${file}.tmp`, `${JSON.stringify({ format: FORMAT, made_for, locks, archive }, null, 2)}\n`);
  fs.renameSync(`${file}.tmp`, file);
}

/** Without it, what lies in the folder is no bundle any more, until it is written again. */
export function removeManifest(root) {
  fs.rmSync(path.join(root, MANIFEST), { force: true });
}

/**
 * @param machine `{ platform, arch }` of this one
 * @param locks digests of the lock files as they lie in the folder
 * @throws {SetupError} when the bundle was made for another kind of machine, or the project was changed since
 */
export function checkBundle({ made_for, locks: bundled }, machine, locks) {
  for (const key of ['platform', 'arch'])
    if (made_for[key] !== machine[key])
      throw new SetupError(
        `This folder was bundled for ${made_for.platform}-${made_for.arch}, and this machine is ` +
          `${machine.platform}-${machine.arch}: its packages do not work here. ${NEW_ONE}${OR_NETWORK}.`,
      );
  const files = { node: 'package.json or package-lock.json', python: 'requirements.txt' };
  for (const key of ['node', 'python'])
    if (bundled[key] !== locks[key])
      throw new SetupError(
        `${files[key]} changed after this folder was bundled: ${PACKAGES} has other packages. Restore the file, ` +
          `or make a new bundle: npm run bundle${OR_NETWORK}.`,
      );
}

/** @throws {SetupError} when the file is missing, or is not the one that was bundled */
export async function checkArchive(root, { archive }) {
  const file = path.join(root, NODE_ARCHIVE);
  const found = fs.existsSync(file) ? await sha256(file) : 'nothing';
  if (found !== archive.sha256)
    throw new SetupError(
      `${file} is damaged: its SHA-256 is ${found}, expected ${archive.sha256}. Copy the bundle again.`,
    );
}

export async function sha256(file) {
  const hash = createHash('sha256');
  await pipeline(fs.createReadStream(file), hash);
  return hash.digest('hex');
}
