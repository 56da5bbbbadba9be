// The server of the interactive page: what it answers, and whom it refuses.
import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import * as http from 'node:http';
import * as os from 'node:os';
import * as path from 'node:path';
import { after, before, describe, it } from 'node:test';
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

  it('refuses a question that the model would not read to its end, with its length', async () => {
    const { status, json } = await post('dog '.repeat(200), fs.readFileSync(PICTURE));
    assert.equal(status, 400);
    assert.match(String(json.error), /The question is too long: it has 202 tokens.*at most 40\. Shorten it/);
  });

  it('sends the words as they are written, as lines and as server-sent events', async () => {
    for (const [accept, begin] of [
      ['application/x-ndjson', ''],
      ['text/event-stream', 'data: '],
    ] as const) {
      const response = await fetch(demo.endpoint('answer'), {
        method: 'POST',
        body: fs.readFileSync(PICTURE),
        headers: { accept },
      });
      assert.equal(response.headers.get('content-type'), accept);
      const lines = (await response.text()).split('\n').filter((line) => line !== '');
      const events = lines.map((line): Record<string, unknown> => {
        assert.ok(line.startsWith(begin), line);
        return JSON.parse(line.slice(begin.length));
      });
      const caption = 'two gray dogs playing with two green balls on the beach';
      const texts = events.slice(0, -1).map(({ text }) => String(text));
      assert.ok(texts.length >= 5 && texts.every((text) => caption.startsWith(text)), texts.join('; '));
      assert.deepEqual([events.at(-1)?.kind, events.at(-1)?.text], ['caption', caption]);
    }
  });

  it('says what is wrong with a damaged image in a sentence, without bytes and buffers', async () => {
    const { status, json } = await post('', fs.readFileSync(PICTURE).subarray(0, 3000));
    assert.equal(status, 400);
    assert.match(String(json.error), /damaged or cut short.*try again/);
    assert.doesNotMatch(String(json.error), /memory|bytes|buffer/i);
  });

  it('takes its token in three places', async () => {
    const about = new URL('about', `http://127.0.0.1:${demo.port}/`).href;
    const status = async (headers: Record<string, string>): Promise<number> => (await fetch(about, { headers })).status;
    assert.equal(await status({ 'x-demo-token': demo.token }), 200);
    assert.equal(await status({ 'x-demo-token': `${demo.token}x` }), 401);
    // A proxy's own token beside it does no harm
    assert.equal(await status({ 'x-demo-token': demo.token, authorization: 'Bearer of-the-proxy' }), 200);
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
