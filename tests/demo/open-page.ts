// The demo's page in a browser, for tests: opened, watched for faults, and looked at as axe and a narrow screen do.
import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import type { Browser, Page } from 'playwright-core';

/** A busy machine may take many times what the page needs. */
const TIMEOUT_MS = 60_000;
const AXE = fs.readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8');

export interface PageOptions {
  /** The demo's by default. */
  readonly url?: string;
  readonly width?: number;
  readonly height?: number;
  readonly colorScheme?: 'light' | 'dark';
  /** Colors that the system chose. */
  readonly forcedColors?: 'active';
}

/** A page that has loaded; it fails the test when a script fails or the browser reports a fault. */
export async function usePage(
  browser: Browser,
  demo: string,
  use: (page: Page) => Promise<void>,
  { url = demo, width = 1000, height = 800, colorScheme = 'light', forcedColors }: PageOptions = {},
): Promise<void> {
  const viewport = { width, height };
  const page = await browser.newPage({ viewport, colorScheme, forcedColors, reducedMotion: 'reduce' });
  page.setDefaultTimeout(TIMEOUT_MS);
  const faults: string[] = [];
  page.on('pageerror', ({ message }) => faults.push(message));
  page.on('console', (line) => {
    if (line.type() === 'error' && !/status of (4|5)\d\d/.test(line.text())) faults.push(line.text());
  });
  try {
    await page.goto(url);
    await page.waitForSelector('#about:not(:empty)');
    await use(page);
    assert.deepEqual(faults, []);
  } finally {
    await page.close();
  }
}

/** Waits for the text of an element. */
export async function reads(page: Page, selector: string, expected: RegExp): Promise<void> {
  await page.locator(selector).filter({ hasText: expected }).first().waitFor({ state: 'attached' });
}

/** Polls: the page's own policy lets no function be made of text in it. */
export async function until(done: () => Promise<boolean>): Promise<void> {
  for (const end = Date.now() + TIMEOUT_MS; !(await done()); await new Promise((resolve) => setTimeout(resolve, 20)))
    assert.ok(Date.now() < end, 'the page did not get there');
}

/** Nothing that axe finds fault with, and nothing wider than the screen. */
export async function checkAccess(page: Page, state: string): Promise<void> {
  if (await page.evaluate('typeof axe === "undefined"')) await page.evaluate(AXE);
  const found = await page.evaluate(
    'axe.run().then(({ violations }) => violations.map(({ id, nodes }) => id + ": " + nodes.map(({ html }) => html)))',
  );
  assert.deepEqual(found, [], state);
  const wide = await page.evaluate('document.documentElement.scrollWidth - innerWidth');
  assert.ok(Number(wide) <= 0, `${state}: ${wide} pixels too wide`);
}
