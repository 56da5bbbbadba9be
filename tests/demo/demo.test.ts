// The interactive page: what its server answers, whom it refuses, and the page itself in a DOM.
import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import * as http from 'node:http';
import * as os from 'node:os';
import * as path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { JSDOM } from 'jsdom';
import { loadCheckpoint } from '../../lib/checkpoint';
import { convertBlip } from '../../lib/convert';
import { DemoError, startDemo, type Demo } from '../../lib/demo';
import { OVBlipModel } from '../../lib/generation';
import { BlipProcessor } from '../../lib/preprocessing';
import { projectRoot } from '../project-root';

const PICTURE = path.join(projectRoot(), 'data', 'pictures', 'demo.jpg');
const QUESTION = 'how many dogs are in the picture?';
const work = fs.mkdtempSync(path.join(os.tmpdir(), 'demo-'));
after(() => fs.rmSync(work, { recursive: true, force: true }));

let model: OVBlipModel;
let processor: BlipProcessor;
let demo: Demo;

before(async () => {
  const checkpoint = await loadCheckpoint(path.join(projectRoot(), 'models', 'blip-scenes'));
  const { folder } = await convertBlip(checkpoint, path.join(work, 'blip-scenes', 'fp16'));
  checkpoint.close();
  [model, processor] = [await OVBlipModel.load(folder), await BlipProcessor.fromCheckpoint(folder)];
  demo = await startDemo(model, processor, { examples: [{ image: PICTURE, question: QUESTION }, { image: PICTURE }] });
});
after(async () => {
  await demo.close();
  model.dispose();
});

async function post(
  question: string,
  body: Uint8Array | string,
  to = demo,
): Promise<{ status: number; json: Record<string, unknown> }> {
  const response = await fetch(to.endpoint('answer', { question }), {
    method: 'POST',
    body: Buffer.from(body),
  });
  return { status: response.status, json: Object.fromEntries(Object.entries(await response.json())) };
}

describe('the server', () => {
  it('answers a question, and writes a caption where there is none', async () => {
    const picture = fs.readFileSync(PICTURE);
    const { status, json } = await post(QUESTION, picture);
    assert.equal(status, 200);
    assert.deepEqual([json.kind, json.text], ['answer', '2']);
    const { milliseconds, stages } = json;
    assert.ok(typeof stages === 'object' && stages && typeof milliseconds === 'number');
    assert.deepEqual(Object.keys(stages), ['preprocess', 'vision', 'text_encoder', 'decoder']);
    const spent = Object.values(stages).reduce((sum, value) => sum + Number(value), 0);
    assert.ok(Object.values(stages).every((value) => Number(value) > 0) && spent <= milliseconds, JSON.stringify(json));
    for (const nothing of ['', '  ']) {
      const caption = await post(nothing, picture);
      assert.deepEqual(
        [caption.json.kind, caption.json.text],
        ['caption', 'two gray dogs playing with two green balls on the beach'],
      );
    }
  });

  it('encodes a picture once for all questions about it, and another one anew', async () => {
    const stages = async (question: string, picture: string): Promise<[number, number]> => {
      const { json } = await post(question, fs.readFileSync(path.join(projectRoot(), 'data', 'pictures', picture)));
      const times = Object(json.stages);
      return [Number(times.preprocess), Number(times.vision)];
    };
    await stages('is it day or night?', 'demo.jpg');
    assert.deepEqual(await stages('where was this picture taken?', 'demo.jpg'), [0, 0]);
    assert.ok((await stages('where was this picture taken?', 'snow-day-snowman.jpg')).every((ms) => ms > 0));
  });

  it('requests at the same time each get their own answer', async () => {
    const files = fs.readdirSync(path.dirname(PICTURE)).filter((name) => name.endsWith('.jpg'));
    const pictures = files.map((name) => fs.readFileSync(path.join(path.dirname(PICTURE), name)));
    const alone: unknown[] = [];
    for (const picture of pictures) alone.push((await post('', picture)).json.text);
    assert.deepEqual(
      (await Promise.all(pictures.map((picture) => post('', picture)))).map(({ json }) => json.text),
      alone,
    );
    assert.ok(new Set(alone).size > 1);
  });

  it('says what is wrong: no picture, no picture file, a path that is not there', async () => {
    const cases: [Promise<{ status: number; json: Record<string, unknown> }>, number, RegExp][] = [
      [post('', ''), 400, /No image: choose one first/],
      [post('', 'no picture at all'), 400, /text file.*Expected a JPEG, PNG/],
    ];
    for (const [answer, status, message] of cases) {
      const got = await answer;
      assert.equal(got.status, status);
      assert.match(String(got.json.error), message);
    }
    assert.equal((await fetch(demo.endpoint('elsewhere'))).status, 404);
    assert.equal((await fetch(demo.endpoint('examples/2'))).status, 404);
    assert.equal((await fetch(demo.endpoint('examples/../../package.json'))).status, 404);
    assert.equal((await fetch(demo.endpoint('answer'))).status, 405);
    assert.equal((await fetch(demo.url, { method: 'DELETE' })).status, 405);
  });

  it('refuses a picture beyond the limit before it is sent', async () => {
    const status = await new Promise<number | undefined>((resolve, reject) => {
      const request = http.request(
        demo.endpoint('answer'),
        { method: 'POST', headers: { 'content-length': 2 ** 26 + 1 } },
        (response) => {
          resolve(response.statusCode);
          request.on('error', () => undefined).destroy();
        },
      );
      request.on('error', reject);
      request.flushHeaders();
    });
    assert.equal(status, 413);
  });

  it('answers to its own page alone', async () => {
    const { port } = new URL(demo.url);
    const ask = (headers: Record<string, string>): Promise<number | undefined> =>
      new Promise((resolve, reject) => {
        http
          .get(
            {
              host: '127.0.0.1',
              port,
              path: new URL(demo.endpoint('about')).pathname + new URL(demo.url).search,
              headers,
            },
            (response) => {
              response.resume();
              resolve(response.statusCode);
            },
          )
          .on('error', reject);
      });
    assert.equal(await ask({ host: `localhost:${port}` }), 200);
    assert.equal(await ask({ origin: `http://127.0.0.1:${port}` }), 200);
    assert.equal(await ask({ host: 'rebound.example' }), 403);
    assert.equal(await ask({ origin: 'https://elsewhere.example' }), 403);
  });

  it('an example that is missing, a port that is taken, an option it does not have', async () => {
    await assert.rejects(
      startDemo(model, processor, { examples: [{ image: 'absent.jpg' }] }),
      (error) => error instanceof DemoError && /absent\.jpg is missing/.test(error.message),
    );
    await assert.rejects(
      startDemo(model, processor, { port: Number(new URL(demo.url).port) }),
      (error) => error instanceof DemoError && /EADDRINUSE.*Choose another port/.test(error.message),
    );
    await assert.rejects(startDemo(model, processor, Object({ host: '0.0.0.0' })), /option "host" is not implemented/);
  });

  it('closed, it answers no more, and may start again on its port', async () => {
    const other = await startDemo(model, processor);
    await fetch(other.url);
    await other.close();
    await assert.rejects(fetch(other.url));
    const again = await startDemo(model, processor, { port: Number(new URL(other.url).port) });
    assert.equal((await fetch(again.url)).status, 200);
    await again.close();
  });
});

/** The page as a browser runs it, but for layout; its requests go to the server. */
async function openPage(url: string): Promise<{
  window: JSDOM['window'];
  find: (selector: string) => HTMLElement;
  until: (done: () => boolean) => Promise<void>;
}> {
  const { window } = new JSDOM(await (await fetch(url)).text(), {
    url,
    runScripts: 'dangerously',
    beforeParse: (page) => {
      Object.assign(page, { fetch: (where: string, options?: RequestInit) => fetch(new URL(where, url), options) });
      Object.assign(page, { TextDecoderStream });
      Object.assign(page.URL, { createObjectURL: () => 'data:,', revokeObjectURL: () => undefined });
    },
  });
  const find = (selector: string): HTMLElement =>
    window.document.querySelector<HTMLElement>(selector) ?? assert.fail(`no ${selector}`);
  const until = async (done: () => boolean): Promise<void> => {
    for (
      const end = Date.now() + 10_000;
      !done();
      await new Promise((resolve) => {
        setTimeout(resolve, 10);
      })
    )
      assert.ok(Date.now() < end, 'the page did not get there');
  };
  return { window, find, until };
}

describe('the page', () => {
  it('an example answers; a question about the same picture joins the list; without one, a caption', async () => {
    const { window, find, until } = await openPage(demo.url);
    await until(() => window.document.querySelectorAll('#examples button').length === 2);
    assert.match(find('#about').textContent ?? '', /^blip-scenes fp16 on CPU, computed in /);
    find('#go').click();
    assert.match(find('#said').textContent ?? '', /No image: choose one first/);
    // So that the example is new
    await post('', fs.readFileSync(path.join(projectRoot(), 'data', 'pictures', 'snow-day-snowman.jpg')));
    find('#examples button').click();
    await until(() => find('#said').textContent === '2');
    assert.match(
      find('#stages').textContent ?? '',
      /ms in all.*vision model.*text encoder.*text decoder .* for 2 tokens/,
    );
    Object.assign(find('#question'), { value: 'what color are the balls?' });
    find('#go').click();
    await until(() => find('#said').textContent === 'green');
    assert.match(find('#stages').textContent ?? '', /image known from before/);
    Object.assign(find('#question'), { value: '' });
    find('#go').click();
    await until(() => /on the beach/.test(find('#said').textContent ?? ''));
    assert.equal(window.document.querySelectorAll('#history li').length, 3);
    window.close();
  });

  it('a checkpoint for captions: no questions', async () => {
    const captions = path.join(work, 'captions');
    fs.cpSync(path.join(work, 'blip-scenes', 'fp16'), captions, {
      recursive: true,
      filter: (file) => !file.includes('text_encoder') && !file.includes('manifest'),
    });
    const captioner = await OVBlipModel.load(captions);
    const other = await startDemo(captioner, processor, { examples: [{ image: PICTURE }] });
    const { window, find, until } = await openPage(other.url);
    await until(() => find('#go').textContent === 'Caption');
    assert.ok(find('#question').hasAttribute('disabled'));
    find('#examples button').click();
    await until(() => window.document.querySelectorAll('#history li').length === 1);
    assert.deepEqual((await post(QUESTION, fs.readFileSync(PICTURE), other)).json.kind, 'caption');
    window.close();
    await other.close();
    captioner.dispose();
  });
});
