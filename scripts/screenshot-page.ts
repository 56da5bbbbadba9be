// Pictures of the demo page as it answers, in light and dark, on a wide screen and on a phone.
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { convertBlip } from '../lib/convert';
import { loadCheckpoint } from '../lib/checkpoint';
import { readPictures } from '../lib/datasets';
import { startDemo } from '../lib/demo';
import { OVBlipModel } from '../lib/generation';
import { BlipProcessor } from '../lib/preprocessing';

export interface Shot {
  readonly file: string;
  /** Addresses or texts of images that did not load. */
  readonly broken: readonly string[];
}

const ROOT = path.resolve(__dirname, '..');
const PICTURES = path.join(ROOT, 'data', 'pictures');
const TIMEOUT_MS = 120_000;
const SCREENS = [
  { name: 'page', width: 1000, height: 860, scale: 1 },
  { name: 'page-phone', width: 375, height: 812, scale: 2 },
];

/** Called before each picture is taken. */
export type LookAt = (page: Page, name: string) => Promise<void>;

export async function screenshotPage(browser: Browser, folder: string, look: LookAt = async () => {}): Promise<Shot[]> {
  const work = fs.mkdtempSync(path.join(os.tmpdir(), 'blip-screenshots-'));
  try {
    const checkpoint = await loadCheckpoint(path.join(ROOT, 'models', 'blip-scenes'));
    const converted = await convertBlip(checkpoint, path.join(work, 'blip-scenes', 'fp16'), {
      output_attentions: true,
    });
    const model = await OVBlipModel.load(converted.folder);
    const pictures = readPictures(PICTURES);
    const examples = pictures.map(({ file, caption, questions }) => ({
      image: file,
      description: caption,
      question: questions[0].question,
    }));
    const demo = await startDemo(model, await BlipProcessor.fromCheckpoint(checkpoint), { examples });
    const shots: Shot[] = [];
    for (const { name, width, height, scale } of SCREENS)
      for (const colorScheme of ['light', 'dark'] as const) {
        const viewport = { width, height };
        const page = await browser.newPage({
          viewport,
          deviceScaleFactor: scale,
          colorScheme,
          reducedMotion: 'reduce',
        });
        page.setDefaultTimeout(TIMEOUT_MS);
        await page.goto(demo.url);
        await page.locator('#examples button').first().click();
        await page.locator('#said').filter({ hasText: /^2$/ }).waitFor();
        await page.fill('#question', '');
        await page.click('#go');
        await page
          .locator('#said')
          .filter({ hasText: /two gray dogs/ })
          .waitFor();
        await page.locator('#go').waitFor(); // hidden while an answer is being written
        await page
          .locator('#details')
          .filter({ hasText: /Probability/ })
          .waitFor();
        await page.evaluate('scrollTo(0, 0)');
        const shot = { name: `${name}-${colorScheme}`, file: path.join(folder, `${name}-${colorScheme}.png`) };
        await look(page, shot.name);
        await page.screenshot({ path: shot.file });
        shots.push({ file: shot.file, broken: await brokenImages(page) });
        await page.close();
      }
    await demo.close();
    model.dispose();
    return shots;
  } finally {
    fs.rmSync(work, { recursive: true, force: true });
  }
}

/** Waits until every visible image has been loaded or has failed. */
export async function brokenImages(page: Page): Promise<string[]> {
  const found: unknown = await page.evaluate(
    `Promise.all([...document.images].filter((image) => image.offsetParent && image.getAttribute('src'))
      .map((image) => image.decode().then(() => '', () => image.alt || image.src.slice(0, 80))))
      .then((each) => each.filter(Boolean))`,
  );
  return Array.isArray(found) ? found.map(String) : [];
}
