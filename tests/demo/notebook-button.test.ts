// The notebook's button in a real browser: from a page of another port, as JupyterLab's is, to the demo in a frame.
import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import * as os from 'node:os';
import * as path from 'node:path';
import { after, before, describe, it } from 'node:test';
import type { Browser } from 'playwright-core';
import { startDemo, type Demo } from '../../lib/demo';
import { OVBlipModel } from '../../lib/generation';
import { showDemo } from '../../lib/notebook/show-demo';
import { BlipProcessor } from '../../lib/preprocessing';
import { recordOutputs } from '../notebook/record-outputs';
import { openBrowser, skipWithoutBrowser } from './open-browser';
import { writePlain } from './write-models';

const TIMEOUT_MS = 60_000;
/** JupyterLab's page has this element, with the server's path; this server has no proxy below it. */
const CONFIG = '<script id="jupyter-config-data" type="application/json">{"baseUrl": "/"}</script>';

describe('the button of a notebook, in a browser', { skip: skipWithoutBrowser }, () => {
  const work = fs.mkdtempSync(path.join(os.tmpdir(), 'demo-button-'));
  let model: OVBlipModel;
  let demo: Demo;
  let notebook: Server;
  let browser: Browser;

  before(async () => {
    const folder = await writePlain(work);
    model = await OVBlipModel.load(folder);
    demo = await startDemo(model, await BlipProcessor.fromCheckpoint(folder), { examples: [] });
    const [{ data }] = recordOutputs(() => showDemo(demo));
    notebook = createServer((request, response) => {
      response.writeHead(request.url === '/lab' ? 200 : 404, { 'content-type': 'text/html; charset=utf-8' });
      response.end(request.url === '/lab' ? `<!doctype html><title>Lab</title>${CONFIG}${data['text/html']}` : '');
    });
    await new Promise<void>((resolve) => notebook.listen(0, '127.0.0.1', resolve));
    browser = await openBrowser();
  });
  after(async () => {
    await browser.close();
    notebook.close();
    await demo.close();
    model.dispose();
    fs.rmSync(work, { recursive: true, force: true });
  });

  const notebookAt = (host: string): string => `http://${host}:${(notebook.address() as AddressInfo).port}/lab`;

  for (const host of ['127.0.0.1', 'localhost'])
    it(`opens the page below itself, from ${host}`, async () => {
      const page = await browser.newPage();
      try {
        await page.goto(notebookAt(host));
        await page.getByRole('button').click();
        await page.frameLocator('iframe').locator('#about:not(:empty)').waitFor({ timeout: TIMEOUT_MS });
        assert.equal(await page.getByRole('status').first().textContent(), '');
      } finally {
        await page.close();
      }
    });

  it('says what to do when the demo has ended', async () => {
    const page = await browser.newPage();
    try {
      await page.goto(notebookAt('localhost'));
      await page.evaluate(`document.querySelector('[data-demo]').dataset.port = '1'`);
      await page.getByRole('button').click();
      await page.getByRole('status').filter({ hasText: 'does not reach port' }).waitFor({ timeout: TIMEOUT_MS });
      assert.equal(await page.locator('iframe').count(), 0);
    } finally {
      await page.close();
    }
  });

  it('another page learns nothing but that the demo answers', async () => {
    const page = await browser.newPage();
    try {
      await page.goto(notebookAt('localhost'));
      const reach = (address: string, mode: string): Promise<unknown> =>
        page.evaluate(
          `fetch('${address}', { mode: '${mode}' }).then(({ type, status }) => type + status, () => 'refused')`,
        );
      const { origin, search } = new URL(demo.url);
      assert.equal(await reach(`${origin}/about`, 'no-cors'), 'opaque0');
      assert.equal(await reach(`${origin}/about`, 'cors'), 'refused');
      assert.equal(await reach(`${origin}/examples/0${search}`, 'no-cors'), 'refused');
    } finally {
      await page.close();
    }
  });
});
