// The page where things are not as planned: a small screen, many files at once, chosen colors, paper, a server that
// does not answer as it should.
import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { after, before, describe, it } from 'node:test';
import type { Browser, Page } from 'playwright-core';
import sharp from 'sharp';
import { readPictures } from '../../lib/datasets';
import { startDemo, type Demo } from '../../lib/demo';
import { OVBlipModel } from '../../lib/generation';
import { BlipProcessor } from '../../lib/preprocessing';
import { projectRoot } from '../project-root';
import { openBrowser, skipWithoutBrowser } from './open-browser';
import { checkAccess, reads, until, usePage, type PageOptions } from './open-page';
import { writePlain } from './write-models';

const PICTURES = path.join(projectRoot(), 'data', 'pictures');

describe('the page in odd situations', { skip: skipWithoutBrowser }, () => {
  const work = fs.mkdtempSync(path.join(os.tmpdir(), 'demo-situations-'));
  let model: OVBlipModel;
  let demo: Demo;
  let browser: Browser;

  before(async () => {
    const folder = await writePlain(work);
    model = await OVBlipModel.load(folder);
    const examples = readPictures(PICTURES).map(({ file, caption, questions }, i) => ({
      image: file,
      ...(i > 0 && { question: questions[0].question }),
      ...(i > 1 && { description: caption }),
    }));
    demo = await startDemo(model, await BlipProcessor.fromCheckpoint(folder), { examples });
    browser = await openBrowser();
  });
  after(async () => {
    await browser.close();
    await demo.close();
    model.dispose();
    fs.rmSync(work, { recursive: true, force: true });
  });

  const withPage = (use: (page: Page) => Promise<void>, options: PageOptions = {}): Promise<void> =>
    usePage(browser, demo.url, use, options);
  const example = (page: Page, index: number): Promise<void> => page.locator('#examples button').nth(index).click();
  const idle = (page: Page): Promise<void> => page.locator('#go').waitFor();

  /** How much of an element stands within the screen, from 0 to 1. */
  const visiblePart = async (page: Page, selector: string): Promise<number> =>
    Number(
      await page.evaluate(`(() => {
        const { top, bottom, height } = document.querySelector('${selector}').getBoundingClientRect();
        return (Math.min(bottom, innerHeight) - Math.max(top, 0)) / height;
      })()`),
    );

  it('on a phone, an example at the end of the page shows image and answer without scrolling', async () => {
    for (const [width, height, leastOfImage] of [
      [375, 812, 0.99],
      [375, 667, 0.5],
      [320, 568, 0.2],
    ] as const)
      await withPage(
        async (page) => {
          await page.locator('#examples button').last().click();
          await reads(page, '#said', /^cat$/);
          await idle(page);
          await until(async () => (await visiblePart(page, '#said')) > 0.99);
          const image = await visiblePart(page, '#image');
          assert.ok(image >= leastOfImage, `${width} x ${height}: ${image} of the image`);
          assert.ok(await page.isHidden('#texts'), 'options are folded away');
          await example(page, 0); // a caption is long
          await reads(page, '#said', /two gray dogs/);
          await idle(page);
          await until(async () => (await visiblePart(page, '#result')) > 0.99);
        },
        { width, height },
      );
  });

  it('examples are told apart by eye and by ear', () =>
    withPage(async (page) => {
      const names: unknown = await page.evaluate(`[...document.querySelectorAll('#examples button')].map((button) =>
        [button.querySelector('img').alt, button.textContent])`);
      assert.ok(Array.isArray(names));
      assert.deepEqual(names.slice(0, 3), [
        ['demo:', 'Caption: demo'],
        ['park day cat:', 'what color are the houses?'],
        ['an orange cat next to two white cars on the street at night:', 'what is next to the cat?'],
      ]);
      assert.equal(new Set(names.map(String)).size, 8);
    }));

  it('of twenty files that are dropped at once it takes the first, and says so', () =>
    withPage(async (page) => {
      const jpeg = fs.readFileSync(path.join(PICTURES, 'demo.jpg')).toString('base64');
      const drop = (names: string): Promise<unknown> =>
        page.evaluate(`(() => {
          const data = new DataTransfer();
          const bytes = Uint8Array.from(atob('${jpeg}'), (letter) => letter.charCodeAt(0));
          for (const name of ${names}) data.items.add(new File([bytes], name));
          document.body.dispatchEvent(new DragEvent('drop', { dataTransfer: data, bubbles: true, cancelable: true }));
        })()`);
      await drop(`Array.from({ length: 20 }, (_, i) => 'photo-' + i + '.jpg')`);
      await reads(page, '#image-name', /^photo-0\.jpg$/);
      await reads(page, '#image-note', /first of 20 files/);
      await drop(`['alone.jpg']`);
      await reads(page, '#image-name', /^alone\.jpg$/);
      assert.equal(await page.textContent('#image-note'), '');
    }));

  it('reads odd images: animated, gray, with transparency, huge, one pixel, of a wrong name', () =>
    withPage(async (page) => {
      const jpeg = path.join(PICTURES, 'demo.jpg');
      const frames = await sharp(jpeg).resize(64, 64).raw().toBuffer();
      const images: [string, Buffer][] = [
        [
          'animated.gif',
          await sharp(Buffer.concat([frames, frames]), { raw: { width: 64, height: 128, channels: 3, pageHeight: 64 } })
            .gif()
            .toBuffer(),
        ],
        ['gray.webp', await sharp(jpeg).greyscale().webp().toBuffer()],
        [
          'clear.png',
          await sharp({ create: { width: 40, height: 40, channels: 4, background: '#0000' } })
            .png()
            .toBuffer(),
        ],
        [
          'huge.jpg',
          await sharp({ create: { width: 9000, height: 7000, channels: 3, background: '#48c' } })
            .jpeg()
            .toBuffer(),
        ],
        [
          'one.png',
          await sharp({ create: { width: 1, height: 1, channels: 3, background: '#48c' } })
            .png()
            .toBuffer(),
        ],
        ['photo.jpg', await sharp(jpeg).png().toBuffer()],
        ["it's a #1 100%.jpg", fs.readFileSync(jpeg)],
      ];
      for (const [name, buffer] of images) {
        await page.setInputFiles('#file', { name, mimeType: 'application/octet-stream', buffer });
        await until(async () => (await page.textContent('#image-name')) === name);
        await page.click('#go');
        await reads(page, '#stages', /ms in all/);
        await idle(page);
        assert.doesNotMatch((await page.getAttribute('#result', 'class')) ?? '', /bad/, name);
      }
    }));

  it('names the image only where the image is at fault', () =>
    withPage(async (page) => {
      await example(page, 1);
      await reads(page, '#said', /^red$/);
      await page.fill('#candidates', 'dog '.repeat(60));
      await page.click('#go');
      await reads(page, '#question-problem', /^The answer .* is too long/);
      await page.fill('#candidates', '');
      for (const [status, body, expected] of [
        [502, '<html>Bad gateway</html>', /^The server answered 502\. A proxy/],
        [401, '{"error":"The token is missing or wrong."}', /^The token is missing/],
        [400, '{"error":"This file is damaged.","subject":"image"}', /^park-day-cat\.jpg: This file is damaged/],
      ] as const) {
        await page.route('**/answer?*', (route) => route.fulfill({ status, body }));
        await page.click('#go');
        await reads(page, '#said', expected);
        await page.unroute('**/answer?*');
      }
    }));

  it('says that the server has gone', async () => {
    const page = await browser.newPage();
    await page.goto(demo.url);
    await page.route('**/answer?*', (route) => route.abort());
    await example(page, 1);
    await reads(page, '#said', /^No answer: the program that serves this page has ended/);
    await page.close();
  });

  it('an example whose image cannot be had is left out; the others work', async () => {
    const page = await browser.newPage();
    await page.route('**/examples/3', (route) => route.fulfill({ status: 404, body: '{"error":"gone"}' }));
    await page.route('**/examples/4', (route) => route.abort());
    await page.goto(demo.url);
    await page.locator('#examples button').nth(5).waitFor();
    assert.equal(await page.locator('#examples button').count(), 6);
    await example(page, 1);
    await reads(page, '#said', /^red$/);
    await page.close();
  });

  it('a wrong token is said at once, and a reload during an answer starts anew', async () => {
    const page = await browser.newPage();
    await page.goto(demo.url.replace(/token=.*/, 'token=wrong'));
    await reads(page, '#said', /^The token is missing or wrong\. Open the whole address/);
    await checkAccess(page, 'a wrong token');
    await page.goto(demo.url);
    await page.route('**/answer?*', () => undefined); // never answered
    await example(page, 1);
    await page.locator('#stop').waitFor();
    await page.unroute('**/answer?*');
    await page.reload();
    await example(page, 1);
    await reads(page, '#said', /^red$/);
    await page.goto('about:blank');
    await page.goBack();
    await page.locator('#examples button').nth(1).waitFor();
    await example(page, 1);
    await reads(page, '#said', /^red$/);
    await page.close();
  });

  it('two tabs ask at once, and each gets its own answer', async () => {
    const pages = await Promise.all([browser.newPage(), browser.newPage()]);
    await Promise.all(pages.map((page) => page.goto(demo.url)));
    await Promise.all(pages.map((page, i) => example(page, i + 1)));
    await reads(pages[0], '#said', /^red$/);
    await reads(pages[1], '#said', /^car$/);
    await Promise.all(pages.map((page) => page.close()));
  });

  it('in colors that the system chose, and enlarged twice: nothing for axe, nothing too wide', async () => {
    for (const options of [{ forcedColors: 'active' }, { width: 500, height: 400 }] as const)
      await withPage(async (page) => {
        await checkAccess(page, 'empty');
        await example(page, 1);
        await reads(page, '#said', /^red$/);
        if (await page.isHidden('#texts')) await page.click('#options-title');
        await page.selectOption('#texts', '3');
        await page.click('#go');
        await page.locator('.texts li').nth(2).waitFor();
        await checkAccess(page, 'several texts');
        const bar = await page.evaluate("getComputedStyle(document.querySelector('#bar span')).backgroundColor");
        assert.notEqual(bar, await page.evaluate('getComputedStyle(document.body).backgroundColor'));
      }, options);
  });

  it('on paper: image, question and answer, and nothing to press', () =>
    withPage(async (page) => {
      await example(page, 1);
      await reads(page, '#said', /^red$/);
      await idle(page);
      await page.emulateMedia({ media: 'print' });
      for (const id of ['#go', '#another', '#options', '#examples-section']) assert.ok(await page.isHidden(id), id);
      for (const id of ['#image', '#question', '#said', '#history']) assert.ok(await page.isVisible(id), id);
    }));

  it('by keyboard alone: an example, another question, the answer said', () =>
    withPage(async (page) => {
      await page.locator('#examples button').nth(1).focus();
      await page.keyboard.press('Enter');
      await reads(page, '#said', /^red$/);
      for (let i = 0; i < 20 && (await page.evaluate('document.activeElement.id')) !== 'question'; i++)
        await page.keyboard.press('Shift+Tab');
      await page.keyboard.press('Control+A');
      await page.keyboard.type('what animal is this?');
      await page.keyboard.press('Enter');
      await reads(page, '#said', /^cat$/);
      assert.equal(await page.evaluate('document.activeElement.id'), 'question');
      assert.equal(await page.getAttribute('#result', 'aria-busy'), 'false');
    }));
});
