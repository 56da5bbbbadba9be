// Notebooks and solutions as nbconvert exports them to HTML: every image is inside and can be decoded, has words for
// those who cannot see it, and nothing of Markdown is left over.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { after, describe, it } from 'node:test';
import { JSDOM } from 'jsdom';
import sharp from 'sharp';
import { projectRoot } from '../project-root';

const PYTHON = path.join(projectRoot(), '.venv', process.platform === 'win32' ? 'Scripts/python.exe' : 'bin/python');
const TIMEOUT_MS = 120_000;
const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'blip-export-'));
after(() => fs.rmSync(folder, { recursive: true, force: true }));

describe('exported to HTML', { skip: !fs.existsSync(PYTHON) && 'the Python environment is not set up' }, () => {
  for (const source of ['notebooks', 'solutions'])
    for (const name of ['233-blip-convert', '233-blip-optimize'])
      it(`${source}/${name}`, async () => {
        const args = ['-m', 'nbconvert', '--to', 'html', '--output-dir', path.join(folder, source)];
        execFileSync(PYTHON, [...args, path.join(source, `${name}.ipynb`)], {
          cwd: projectRoot(),
          stdio: 'pipe',
          timeout: TIMEOUT_MS,
          env: { ...process.env, JUPYTER_PLATFORM_DIRS: '1' },
        });
        const { document } = new JSDOM(fs.readFileSync(path.join(folder, source, `${name}.html`), 'utf8')).window;
        const images = [...document.querySelectorAll('img')];
        if (source === 'notebooks') assert.ok(images.length >= 2, `${images.length} images`);
        for (const image of images) {
          const [, kind, encoding, data] = /^data:(image\/[\w+.-]+)([^,]*),(.*)$/s.exec(image.src) ?? [];
          assert.ok(kind !== undefined, `an image outside of the file: ${image.src.slice(0, 100)}`);
          const bytes = Buffer.from(decodeURIComponent(data), encoding.includes('base64') ? 'base64' : 'utf8');
          const { width = 0, height = 0 } = await sharp(bytes).metadata();
          assert.ok(width > 1 && height > 1, `${kind} of ${width} x ${height}`);
          assert.ok(image.alt.trim() !== '', `an image without alternative text: ${image.outerHTML.slice(0, 100)}`);
        }
        const prose = [...document.querySelectorAll('.jp-MarkdownOutput')].map((cell) => cell.textContent ?? '');
        assert.ok(prose.length > 5);
        for (const text of prose) assert.doesNotMatch(text, /!\[|\]\(|attachment:/, text);
        if (source === 'notebooks') assert.ok(document.querySelectorAll('details summary').length >= 5, 'hints fold');
      });
});
