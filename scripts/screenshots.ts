// npm run screenshots: what a person sees, in light and dark: the demo page, wide and on a phone, and both notebooks in
// JupyterLab at their figures. Written to output/screenshots. With --docs, the two in the README are made anew from
// them. Needs a Chromium, as tests/demo does; nothing of the network.
import * as fs from 'node:fs';
import * as path from 'node:path';
import sharp from 'sharp';
import { openBrowser, skipWithoutBrowser } from '../tests/demo/open-browser';
import { screenshotLab } from './screenshot-lab';
import { screenshotPage } from './screenshot-page';

const ROOT = path.resolve(__dirname, '..');
const FOLDER = path.join(ROOT, 'output', 'screenshots');
/** In the README: the page, and a chart of notebook 2. */
const DOCS = [
  { from: 'page-light.png', to: 'page.webp', width: 1000 },
  { from: 'optimize-chart-light.png', to: 'chart.webp', width: 1000 },
];
const QUALITY = 82;

async function main(): Promise<void> {
  if (skipWithoutBrowser) throw new Error(skipWithoutBrowser);
  fs.mkdirSync(FOLDER, { recursive: true });
  const browser = await openBrowser();
  try {
    for (const make of [screenshotPage, screenshotLab])
      for (const { file } of await make(browser, FOLDER)) console.log(path.relative(ROOT, file));
  } finally {
    await browser.close();
  }
  if (!process.argv.includes('--docs')) return;
  for (const { from, to, width } of DOCS) {
    const file = path.join(ROOT, 'docs', 'images', to);
    fs.mkdirSync(path.dirname(file), { recursive: true });
    await sharp(path.join(FOLDER, from))
      .resize({ width, withoutEnlargement: true })
      .webp({ quality: QUALITY })
      .toFile(file);
    console.log(path.relative(ROOT, file), fs.statSync(file).size);
  }
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
});
