// The pictures that `npm run screenshots` takes: something is on them, no image is missing, and the page has nothing
// that axe finds fault with or that is wider than a phone.
import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { after, before, describe, it } from 'node:test';
import type { Browser } from 'playwright-core';
import sharp from 'sharp';
import { screenshotLab } from '../../scripts/screenshot-lab';
import { screenshotPage, type Shot } from '../../scripts/screenshot-page';
import { projectRoot } from '../project-root';
import { openBrowser, skipWithoutBrowser } from './open-browser';
import { checkAccess } from './open-page';

/** A page of one color has a deviation of 0; text on it more than 10. */
const MIN_DEVIATION = 10;
/** Dark pages are mostly below, light ones above. */
const MIDDLE = 128;
const MAX_BYTES = 150_000;

async function checkShots(shots: readonly Shot[]): Promise<void> {
  for (const { file, broken } of shots) {
    const name = path.basename(file);
    assert.deepEqual(broken, [], name);
    const { channels } = await sharp(file).removeAlpha().greyscale().stats();
    assert.ok(channels[0].stdev > MIN_DEVIATION, `${name} is blank: deviation ${channels[0].stdev}`);
  }
}

/** What most of the picture's edge looks like: the page's background. */
async function background(file: string): Promise<number> {
  const { data } = await sharp(file).removeAlpha().greyscale().raw().toBuffer({ resolveWithObject: true });
  return [...data.subarray(0, 100)].sort((a, b) => a - b)[50];
}

describe('screenshots', { skip: skipWithoutBrowser }, () => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'blip-shots-'));
  let browser: Browser;
  before(async () => {
    browser = await openBrowser();
  });
  after(async () => {
    await browser.close();
    fs.rmSync(folder, { recursive: true, force: true });
  });

  it('of the page, wide and on a phone, in light and dark', async () => {
    const shots = await screenshotPage(browser, folder, (page, name) => checkAccess(page, name));
    const names = shots.map(({ file }) => path.basename(file));
    assert.deepEqual(names, ['page-light.png', 'page-dark.png', 'page-phone-light.png', 'page-phone-dark.png']);
    await checkShots(shots);
    for (const { file } of shots) assert.equal((await background(file)) < MIDDLE, file.includes('dark'), file);
  });

  it('of both notebooks in JupyterLab, in light and dark', async () => {
    const shots = await screenshotLab(browser, folder);
    assert.equal(shots.length, 6);
    await checkShots(shots);
    for (const { file } of shots)
      if (!file.includes('chart')) assert.equal((await background(file)) < MIDDLE, file.includes('dark'), file);
  });

  it('in the README are small, and as large as they say', async () => {
    const readme = fs.readFileSync(path.join(projectRoot(), 'README.md'), 'utf8');
    const shown = [...readme.matchAll(/<img [^>]*src="(docs\/images\/[^"]+)"[^>]*alt="([^"]{20,})"/g)];
    assert.deepEqual(shown.map(([, file]) => path.basename(file)).sort(), ['chart.webp', 'page.webp']);
    for (const [, name] of shown) {
      const file = path.join(projectRoot(), name);
      assert.ok(fs.statSync(file).size < MAX_BYTES, name);
      assert.ok(((await sharp(file).metadata()).width ?? 0) >= 600, name);
    }
  });
});
