// The page in a real browser: asking, choosing files, cropping, the camera, the keyboard, and what screen readers find.
import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { after, before, describe, it } from 'node:test';
import type { Browser, Page } from 'playwright-core';
import sharp from 'sharp';
import { startDemo, type Demo } from '../../lib/demo';
import { OVBlipModel } from '../../lib/generation';
import { BlipProcessor } from '../../lib/preprocessing';
import { projectRoot } from '../project-root';
import { openBrowser, skipWithoutBrowser } from './open-browser';
import { checkAccess, reads, until, usePage, type PageOptions } from './open-page';
import { startPrefixProxy } from './prefix-proxy';
import { writePlain } from './write-models';

const PICTURES = path.join(projectRoot(), 'data', 'pictures');
const PICTURE = path.join(PICTURES, 'demo.jpg');
const QUESTION = 'how many dogs are in the picture?';
const CAPTION = 'two gray dogs playing with two green balls on the beach';
describe('the page', { skip: skipWithoutBrowser }, () => {
  const work = fs.mkdtempSync(path.join(os.tmpdir(), 'demo-page-'));
  let model: OVBlipModel;
  let processor: BlipProcessor;
  let demo: Demo;
  let browser: Browser;

  before(async () => {
    const folder = await writePlain(work);
    [model, processor] = [await OVBlipModel.load(folder), await BlipProcessor.fromCheckpoint(folder)];
    demo = await startDemo(model, processor, {
      examples: [{ image: PICTURE, question: QUESTION }, { image: PICTURE }],
    });
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

  const choose = (page: Page, name: string, buffer: Buffer): Promise<void> =>
    page.setInputFiles('#file', { name, mimeType: 'application/octet-stream', buffer });

  it('an example answers; a question about the same image joins the list; without one, a caption', () =>
    withPage(async (page) => {
      await page.click('#go');
      await reads(page, '#said', /No image: choose one first/);
      await page.locator('#examples button').first().click();
      await reads(page, '#said', /^2$/);
      await reads(page, '#stages', /ms in all.*text decoder .* for 2 tokens/);
      await page.fill('#question', 'what color are the balls?');
      await page.keyboard.press('Enter');
      await reads(page, '#said', /^green$/);
      await reads(page, '#stages', /image known from before/);
      await page.fill('#question', '');
      await page.click('#go');
      await reads(page, '#said', new RegExp(CAPTION));
      assert.equal(await page.locator('#history li').count(), 3);
      await reads(
        page,
        '#command',
        /^curl .*answer\?question=' \\\n {2}-H 'X-Demo-Token: .* \\\n {2}--data-binary @demo\.jpg$/,
      );
    }));

  it('another image takes away the answer, the errors and the history of the one before', () =>
    withPage(async (page) => {
      await page.locator('#examples button').first().click();
      await reads(page, '#said', /^2$/);
      await choose(page, 'notes.txt', Buffer.from('some notes'));
      await reads(page, '#problem', /^notes\.txt: This is a text file/);
      assert.equal(await page.textContent('#said'), '2', 'the image before is still there');
      await choose(page, 'cat.jpg', fs.readFileSync(path.join(PICTURES, 'park-day-cat.jpg')));
      await reads(page, '#image-name', /^cat\.jpg$/);
      assert.equal(await page.textContent('#problem'), '');
      assert.equal(await page.textContent('#said'), 'The answer appears here.');
      assert.equal(await page.locator('#history li').count(), 0);
      assert.ok(await page.isHidden('#curl'));
      await page.click('#clear');
      assert.ok(await page.isVisible('#choose'));
      assert.equal(await page.inputValue('#question'), '');
    }));

  it('checks files when they are chosen, and says what is wrong under their own names', () =>
    withPage(async (page) => {
      const jpeg = fs.readFileSync(PICTURE);
      const files: [string, Buffer, RegExp][] = [
        ['IMG_1.HEIC', Buffer.from('\0\0\0\x18ftypheic\0\0\0\0mif1heic', 'latin1'), /HEIC photo\. Save it as JPEG/],
        ['logo.png', Buffer.from('<svg xmlns="http://www.w3.org/2000/svg"/>'), /SVG drawing/],
        ['nothing.jpg', Buffer.alloc(0), /is empty/],
        ['half.jpg', jpeg.subarray(0, 4000), /cut short/],
        ['odd.png', Buffer.from('\x89PNG\r\n\x1a\n\0\0\0\0IEND\0\0\0\0', 'latin1'), /is damaged/],
      ];
      for (const [name, bytes, expected] of files) {
        await choose(page, name, bytes);
        await reads(page, '#problem', new RegExp(`^${name.replace('.', '\\.')}: .*${expected.source}`));
        assert.ok(await page.isVisible('#choose'), name);
      }
      await choose(page, 'scan.tif', await sharp(jpeg).tiff().toBuffer());
      await page.locator('#no-preview').waitFor();
      await page.click('#go');
      await reads(page, '#said', new RegExp(CAPTION));
    }));

  it('a drop beside the image does not leave the page', () =>
    withPage(async (page) => {
      const drop = (files: string): Promise<unknown> =>
        page.evaluate(`(() => {
          const data = new DataTransfer();
          ${files}
          const event = new DragEvent('drop', { dataTransfer: data, bubbles: true, cancelable: true });
          return !document.querySelector('#history').dispatchEvent(event);
        })()`);
      assert.equal(await drop(''), true, 'the browser does not act on it');
      await reads(page, '#problem', /That was no file/);
      assert.equal(await drop("data.items.add(new File(['x y'], 'dropped.txt'));"), true);
      await reads(page, '#problem', /^dropped\.txt: This is a text file/);
    }));

  it('a question that is too long is told beside it, with its length', () =>
    withPage(async (page) => {
      await page.locator('#examples button').first().click();
      await reads(page, '#said', /^2$/);
      await page.fill('#question', 'dog '.repeat(300));
      await page.click('#go');
      await reads(page, '#question-problem', /it has 302 tokens.*at most 40/);
      assert.equal(await page.getAttribute('#question', 'aria-invalid'), 'true');
      await page.fill('#question', 'dog '.repeat(1000));
      await page.click('#go');
      await reads(page, '#question-problem', /3999 characters/);
      await page.fill('#question', 'is it day or night?');
      assert.equal(await page.textContent('#question-problem'), '');
    }));

  it('crops by keyboard and by dragging, and back', () =>
    withPage(async (page) => {
      await page.locator('#examples button').nth(1).click();
      await reads(page, '#said', new RegExp(CAPTION));
      const size = async (): Promise<unknown> =>
        page.evaluate(
          '[document.querySelector("#image").naturalWidth, document.querySelector("#image").naturalHeight]',
        );
      const [width, height] = [Number(Object(await size())[0]), Number(Object(await size())[1])];
      await page.focus('#crop');
      await page.keyboard.press('Enter');
      await page.keyboard.press('Shift+ArrowRight');
      await page.keyboard.press('ArrowLeft');
      await page.keyboard.press('Enter');
      await reads(page, '#image-name', /^demo-part\.png$/);
      assert.equal(await page.textContent('#said'), 'The answer appears here.');
      await until(async () => Number(Object(await size())[0]) === Math.round(width * 0.62));
      assert.deepEqual(await size(), [Math.round(width * 0.62), Math.round(height * 0.6)]);
      await page.click('#uncrop');
      await until(async () => Number(Object(await size())[0]) === width);
      await page.click('#crop');
      const frame = (await page.locator('#frame').boundingBox()) ?? assert.fail('no frame');
      const at = (x: number, y: number): [number, number] => [frame.x + frame.width * x, frame.y + frame.height * y];
      await page.mouse.move(...at(0.05, 0.05));
      await page.mouse.down();
      await page.mouse.move(...at(0.3, 0.4));
      await page.mouse.move(...at(0.55, 0.55));
      await page.mouse.up();
      await page.click('#crop-apply');
      await until(async () => Number(Object(await size())[0]) < width);
      const [part] = [Object(await size())];
      assert.ok(
        Math.abs(part[0] / width - 0.5) < 0.02 && Math.abs(part[1] / height - 0.5) < 0.02,
        JSON.stringify(part),
      );
      await page.click('#crop');
      await page.keyboard.press('Escape');
      assert.ok(await page.isHidden('#selection'));
    }));

  it('takes a photo with the webcam, and lets go of it', () =>
    withPage(async (page) => {
      await page.click('#camera');
      await page.locator('#shoot:not([disabled])').click();
      await reads(page, '#image-name', /^webcam\.jpg$/);
      assert.equal(await page.evaluate('document.querySelector("#video").srcObject'), null);
      await page.evaluate('Object.defineProperty(navigator, "mediaDevices", { value: undefined })');
      await page.click('#camera');
      await reads(page, '#camera-problem', /only on this machine.*https/);
      await page.keyboard.press('Escape');
    }));

  it('has nothing that axe finds fault with, in any state, light and dark; it fits 320 and 375 pixels', async () => {
    for (const colorScheme of ['light', 'dark'] as const)
      for (const width of [320, 375, 1000])
        await withPage(
          async (page) => {
            const check = (state: string): Promise<void> =>
              checkAccess(page, `${state}, ${colorScheme}, ${width} pixels`);
            await check('empty');
            await choose(page, `${'long-name-'.repeat(20)}.txt`, Buffer.from('text'));
            await reads(page, '#problem', /text file/);
            await check('a refused file');
            await page.locator('#examples button').first().click();
            await reads(page, '#said', /^2$/);
            await page.click('#curl summary');
            await check('an answer');
            await page.fill('#question', 'dog '.repeat(300));
            await page.click('#go');
            await reads(page, '#question-problem', /too long/);
            await check('too long a question');
            await page.click('#crop');
            await check('cropping');
            await page.keyboard.press('Escape');
            await page.click('#camera');
            await page.locator('#shoot:not([disabled])').waitFor();
            await check('the camera');
            await page.keyboard.press('Escape');
          },
          { colorScheme, width },
        );
  });

  it('everything is reached by keyboard, in the order of the page', () =>
    withPage(async (page) => {
      await page.locator('#examples button').first().waitFor();
      const order: unknown[] = [];
      for (let i = 0; i < 9; i++) {
        await page.keyboard.press('Tab');
        order.push(await page.evaluate('document.activeElement.id || document.activeElement.textContent'));
      }
      assert.deepEqual(order, [
        'file',
        'camera',
        'question',
        'go',
        'options-title',
        'texts',
        'candidates',
        QUESTION,
        'Caption: demo',
      ]);
    }));

  it('behind a proxy that serves it under a path, cut off or left', async () => {
    for (const keepsPrefix of [false, true]) {
      const proxy = await startPrefixProxy(keepsPrefix);
      const other = await startDemo(model, processor, {
        examples: [{ image: PICTURE, question: QUESTION }],
        base_url: `http://127.0.0.1:${proxy.port}/user/ann/proxy/{port}/`,
      });
      try {
        assert.ok(other.url.startsWith(`http://127.0.0.1:${proxy.port}/user/ann/proxy/${other.port}/?token=`));
        await withPage(
          async (page) => {
            await page.locator('#examples button').first().click();
            await reads(page, '#said', /^2$/);
          },
          { url: other.url },
        );
      } finally {
        await other.close();
        await proxy.close();
      }
    }
  });

  it('a request that is stopped or replaced frees the model', () =>
    withPage(async (page) => {
      await page.route('**/answer?*', async (route) => {
        await new Promise((resolve) => setTimeout(resolve, 300)); // so that there is time to stop it
        await route.continue().catch(() => undefined);
      });
      await page.locator('#examples button').first().click();
      await page.click('#stop');
      await reads(page, '#said', /^Stopped\.$/);
      await page.click('#go');
      await choose(page, 'cat.jpg', fs.readFileSync(path.join(PICTURES, 'park-day-cat.jpg')));
      await reads(page, '#said', /The answer appears here/);
      await page.unroute('**/answer?*');
      await page.click('#go');
      await reads(page, '#history', /how many dogs/);
    }));

  it('a checkpoint for captions: no questions', async () => {
    const captions = path.join(work, 'captions');
    fs.cpSync(path.join(work, 'blip-scenes', 'fp16'), captions, {
      recursive: true,
      filter: (file) => !file.includes('text_encoder') && !file.includes('manifest'),
    });
    const captioner = await OVBlipModel.load(captions);
    const other = await startDemo(captioner, processor, { examples: [{ image: PICTURE }] });
    try {
      await withPage(
        async (page) => {
          await reads(page, '#go', /^Caption$/);
          assert.ok(await page.isDisabled('#question'));
          await page.locator('#examples button').first().click();
          await reads(page, '#said', new RegExp(CAPTION));
        },
        { url: other.url },
      );
    } finally {
      await other.close();
      captioner.dispose();
    }
  });
});
