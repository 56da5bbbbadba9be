// A headless Chromium for tests of the page: the one in CHROME_PATH, or one that is installed. playwright-core drives
// it and brings none of its own.
import * as fs from 'node:fs';
import * as path from 'node:path';
import { chromium, type Browser } from 'playwright-core';

const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable', 'chrome', 'msedge'];
const PLACES = [
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
  'C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe',
  'C:\\Program Files (x86)\\Microsoft\\Edge\\Application\\msedge.exe',
];
const START_TIMEOUT_MS = 120_000;

function findBrowser(): string | undefined {
  if (process.env.CHROME_PATH) return process.env.CHROME_PATH;
  const extensions = process.platform === 'win32' ? ['.exe'] : [''];
  const onPath = (process.env.PATH ?? '')
    .split(path.delimiter)
    .flatMap((folder) => NAMES.flatMap((name) => extensions.map((extension) => path.join(folder, name + extension))));
  return [...onPath, ...PLACES].find((file) => fs.existsSync(file));
}

const executablePath = findBrowser();

/** The reason to skip tests that need a browser, or false. */
export const skipWithoutBrowser =
  executablePath === undefined && 'no Chromium is installed: install one, or set CHROME_PATH to its program';

/** A camera that shows a test pattern is part of it. */
export function openBrowser(): Promise<Browser> {
  return chromium.launch({
    executablePath,
    timeout: START_TIMEOUT_MS,
    args: [
      ...(process.getuid?.() === 0 ? ['--no-sandbox'] : []), // as root, in containers
      '--use-fake-device-for-media-stream',
      '--use-fake-ui-for-media-stream',
    ],
  });
}
