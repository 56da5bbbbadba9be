// The files of the page, as they are served: index.html, its style, and its scripts, from the folder `page`.
import * as fs from 'node:fs';
import * as path from 'node:path';

export interface Asset {
  readonly type: string;
  readonly body: Buffer;
}

/** Address of the page itself, relative to the server's. */
export const PAGE = '';
const FOLDER = path.join(__dirname, 'page');
const INDEX = 'index.html';
const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.mjs': 'text/javascript; charset=utf-8',
};

/** By address: `''` is the page, `page.css` its style. Anything else in the folder is not served. */
export async function readAssets(): Promise<ReadonlyMap<string, Asset>> {
  const assets = new Map<string, Asset>();
  for (const name of await fs.promises.readdir(FOLDER)) {
    const type = TYPES[path.extname(name)];
    if (type === undefined) continue;
    assets.set(name === INDEX ? PAGE : name, { type, body: await fs.promises.readFile(path.join(FOLDER, name)) });
  }
  return assets;
}
