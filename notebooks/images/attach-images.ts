// Puts diagrams into notebooks as attachments of their Markdown cells, so that they are there in a copied notebook, on
// GitHub and in an export. JupyterLab shows attachments of PNG, not of SVG.
import * as fs from 'node:fs';
import * as path from 'node:path';
import sharp from 'sharp';
import { isRecord } from '../../lib/core/is-record';

/** Sharp on screens with two pixels per point; an SVG has 72 points per inch here. */
const DENSITY = 144;

/** `![alt](attachment:tasks.png)`, and the same with the file beside the notebook. */
const IMAGE = /\((?:attachment:|images\/)([\w-]+)\.(?:png|svg)\)/g;

/** @param drawings the SVG of each diagram, by its name */
export async function attachImages(notebook: string, drawings: Readonly<Record<string, string>>): Promise<void> {
  const json: unknown = JSON.parse(fs.readFileSync(notebook, 'utf8'));
  if (!isRecord(json) || !Array.isArray(json.cells)) throw new Error(`${notebook}: expected a notebook with cells.`);
  for (const cell of json.cells.filter(isRecord)) {
    if (cell.cell_type !== 'markdown' || !Array.isArray(cell.source)) continue;
    const source = cell.source.join('');
    const names = [...source.matchAll(IMAGE)].map(([, name]) => name);
    if (names.length === 0) continue;
    cell.source = cell.source.map((line) => String(line).replace(IMAGE, '(attachment:$1.png)'));
    const attached = await Promise.all(
      names.map(async (name) => {
        const png = await sharp(Buffer.from(drawings[name]), { density: DENSITY }).png({ palette: true }).toBuffer();
        return [`${name}.png`, { 'image/png': png.toString('base64') }] as const;
      }),
    );
    cell.attachments = Object.fromEntries(attached);
  }
  fs.writeFileSync(notebook, `${JSON.stringify(json, null, 1)}\n`);
  console.log(`${path.basename(notebook)}: attachments are up to date`);
}
