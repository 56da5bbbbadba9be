// The page of a model that knows itself, with a second model and a retrieval model, in a real browser.
import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { after, before, describe, it } from 'node:test';
import type { Browser } from 'playwright-core';
import { startDemo, type Demo } from '../../lib/demo';
import { OVBlipMatcher, OVBlipModel } from '../../lib/generation';
import { BlipProcessor } from '../../lib/preprocessing';
import { projectRoot } from '../project-root';
import { openBrowser, skipWithoutBrowser } from './open-browser';
import { checkAccess, reads, usePage } from './open-page';
import { writeNoted, writePlain, writeRetrieval } from './write-models';

const PICTURES = path.join(projectRoot(), 'data', 'pictures');
const QUESTION = 'how many dogs are in the picture?';

describe('the page of a model that knows itself', { skip: skipWithoutBrowser }, () => {
  const work = fs.mkdtempSync(path.join(os.tmpdir(), 'demo-page-knowledge-'));
  let models: (OVBlipModel | OVBlipMatcher)[] = [];
  let demo: Demo;
  let browser: Browser;

  before(async () => {
    const noted = await OVBlipModel.load(await writeNoted(work, 0.9));
    const compare = await OVBlipModel.load(await writePlain(work));
    const matcher = await OVBlipMatcher.load(await writeRetrieval(work));
    models = [noted, compare, matcher];
    const examples = ['demo.jpg', 'park-day-cat.jpg', 'snow-day-snowman.jpg'].map((name) => ({
      image: path.join(PICTURES, name),
      question: QUESTION,
    }));
    demo = await startDemo(noted, await BlipProcessor.fromCheckpoint(noted.folder), { examples, compare, matcher });
    browser = await openBrowser();
  });
  after(async () => {
    await browser.close();
    await demo.close();
    for (const model of models) model.dispose();
    fs.rmSync(work, { recursive: true, force: true });
  });

  it('shows all of it, accessibly, light and dark, wide and narrow', async () => {
    for (const [colorScheme, width] of [
      ['light', 1000],
      ['dark', 375],
      ['dark', 1000],
      ['light', 320],
    ] as const)
      await usePage(
        browser,
        demo.url,
        async (page) => {
          const check = (state: string): Promise<void> =>
            checkAccess(page, `${state}, ${colorScheme}, ${width} pixels`);
          await reads(page, '#trained-on', /drawn scenes/);
          assert.equal(await page.isVisible('#texts'), width === 1000, 'options are folded away on small screens');
          if (width < 1000) await page.click('#options-title');
          await page.locator('#examples button').first().click();
          await reads(page, '#details', /^Probability \d/);
          assert.ok(!(await page.getAttribute('#result', 'class'))?.includes('doubt'));
          await check('a probable answer');

          await page.fill('#question', 'how many axolotl?');
          await page.click('#go');
          await reads(page, '#details', /The model is unsure\. Probability .*from 90 % up, 95 % are right/);
          await reads(page, '#details', /never saw: .*axolotl.* rests on/);
          assert.match((await page.getAttribute('#result', 'class')) ?? '', /doubt/);
          await check('an unsure answer');

          await page.fill('#question', QUESTION);
          await page.selectOption('#texts', '3');
          await page.check('#compare');
          await page.click('#go');
          await page.locator('.texts li').nth(2).waitFor();
          await reads(page, '.compared', /^Both say the same\.traced2[\d.]+ ms.*fp162[\d.]+ ms/);
          await reads(page, '#command', /&texts=3&compare=1'/);
          await check('several texts, compared');
          await reads(page, '#options-title', /^Options \(2 set\)$/);

          const times = await page.textContent('#stages');
          await page.getByRole('button', { name: 'Where did it look?' }).click();
          await page.locator('.words').nth(1).waitFor();
          assert.equal(
            await page.textContent('#stages'),
            times,
            'looking is no answer: the time is that of the answer',
          );
          assert.ok(await page.isVisible('#time'));
          const dogs = page.getByRole('button', { name: 'dogs', exact: true });
          await dogs.focus();
          await page.keyboard.press('Enter');
          await reads(page, '.attention', /“dogs”: it looked most at the [a-z ]+ of the image/);
          assert.equal(await dogs.getAttribute('aria-pressed'), 'true');
          assert.ok(await page.isVisible('#heat'));
          assert.deepEqual(
            await page.evaluate('[document.querySelector("#heat").width, document.querySelector("#heat").height]'),
            [8, 8],
          );
          await check('where it looked');
          await dogs.press('Enter');
          assert.ok(await page.isHidden('#heat'));
          await dogs.press('Enter');

          await page.selectOption('#texts', '1');
          await page.fill('#candidates', 'red, 2 , green');
          await page.click('#go');
          await reads(page, '.texts', /^2\d/);
          assert.equal(await page.locator('.texts li').count(), 3);
          await check('given answers');
          await page.fill('#candidates', '');

          await page.fill('#search-text', 'a cat in the park');
          await page.keyboard.press('Enter');
          await reads(page, '#search-told', /how probably “a cat in the park” describes each/);
          assert.equal(await page.locator('#examples .found').count(), 3);
          await check('a search');
          await page.fill('#search-text', '');
          await page.keyboard.press('Enter');
          await page.locator('#examples .found').first().waitFor({ state: 'detached' });

          await page.locator('#examples button').nth(1).click();
          await reads(page, '#image-name', /park-day-cat/);
          assert.ok(await page.isHidden('#heat'), 'not over another image');
        },
        { colorScheme, width },
      );
  });
});
