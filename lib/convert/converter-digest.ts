// Tells converted models of one version of the converter from those of another: a digest of the code that makes them.
import { createHash } from 'node:crypto';
import * as fs from 'node:fs';
import * as path from 'node:path';

/** The rooms between a checkpoint and its graphs. */
const ROOMS = ['core', 'ir', 'checkpoint', 'convert', 'model-folder'];
const SOURCE = /(?<!\.d)\.[jt]s$/;

/** In the package, which is one file: the digest of what that was made of (scripts/bundle-library.mjs). */
declare const CONVERTER_DIGEST: string | undefined;

let digest: string | undefined;

/** Eight hexadecimal digits. Another release may have the same: then its converter is the same too. */
export function converterDigest(): string {
  digest ??= typeof CONVERTER_DIGEST === 'string' ? CONVERTER_DIGEST : compute();
  return digest;
}

function compute(): string {
  const hash = createHash('sha256');
  for (const file of sources()) hash.update(`${path.basename(file)}\n`).update(fs.readFileSync(file));
  return hash.digest('hex').slice(0, 8);
}

function sources(): string[] {
  const library = path.resolve(__dirname, '..');
  return ROOMS.flatMap((room) =>
    fs
      .readdirSync(path.join(library, room), { recursive: true })
      .map(String)
      .filter((name) => SOURCE.test(name))
      .sort()
      .map((name) => path.join(library, room, name)),
  );
}
