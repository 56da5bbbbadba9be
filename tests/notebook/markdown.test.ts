// The notebooks' prose: links that open in JupyterLab, and images that are still there in a copied or exported
// notebook.
import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import * as path from 'node:path';
import { describe, it } from 'node:test';
import sharp from 'sharp';
import { isRecord } from '../../lib/core/is-record';
import { projectRoot } from '../project-root';

const FOLDER = path.join(projectRoot(), 'notebooks');
const LINK = /(!?)\[([^\]]*)\]\(([^)\s]+)\)/g;

for (const name of ['233-blip-convert.ipynb', '233-blip-optimize.ipynb'])
  describe(name, () => {
    const json: unknown = JSON.parse(fs.readFileSync(path.join(FOLDER, name), 'utf8'));
    assert.ok(isRecord(json) && Array.isArray(json.cells));
    const prose = json.cells.filter(isRecord).filter(({ cell_type }) => cell_type === 'markdown');
    const textOf = ({ source }: Record<string, unknown>): string =>
      Array.isArray(source) ? source.join('') : String(source);

    it('links to files and to its own headings', () => {
      const headings = prose.flatMap((cell) => [...textOf(cell).matchAll(/^#+ (.*)$/gm)].map(([, text]) => text));
      for (const [, image, text, target] of prose.flatMap((cell) => [...textOf(cell).matchAll(LINK)])) {
        if (image || /^https?:/.test(target)) continue;
        if (target.startsWith('#'))
          assert.ok(headings.map((heading) => heading.replaceAll(' ', '-')).includes(target.slice(1)), target);
        else assert.ok(fs.statSync(path.join(FOLDER, target)).isFile(), `"${text}" links to ${target}: not a file`);
      }
    });

    it('has its diagrams inside, with words for those who cannot see them', async () => {
      for (const cell of prose) {
        const { attachments = {} } = cell;
        assert.ok(isRecord(attachments));
        const used = [];
        for (const [, image, alt, target] of textOf(cell).matchAll(LINK)) {
          if (!image) continue;
          assert.match(target, /^attachment:/, `${target}: run notebooks/images/draw.ts`);
          assert.ok(alt.length > 10, `${target}: "${alt}" says too little`);
          used.push(target.replace('attachment:', ''));
        }
        assert.deepEqual(Object.keys(attachments), used);
        for (const file of used) {
          const bundle: unknown = attachments[file];
          assert.ok(isRecord(bundle) && typeof bundle['image/png'] === 'string');
          const { width } = await sharp(Buffer.from(bundle['image/png'], 'base64')).metadata();
          const svg = await sharp(path.join(FOLDER, 'images', file.replace('.png', '.svg'))).metadata();
          assert.equal(width, 2 * svg.width);
        }
      }
    });
  });
