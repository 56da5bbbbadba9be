// The picture that the notebooks look at: a file of one's own, or one from the web that is fetched once. A server of
// the test stands in.
import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import * as os from 'node:os';
import * as path from 'node:path';
import { after, before, beforeEach, describe, it } from 'node:test';
import { demoPicture, DemoPictureError, runSettings, trainingNote } from '../../lib/notebook';
import { projectRoot } from '../project-root';

const PICTURE = path.join(projectRoot(), 'data', 'pictures', 'demo.jpg');

describe('the demo picture', () => {
  let folder = '';
  let origin = '';
  let requests = 0;
  const server = createServer((request, response) => {
    requests++;
    if (request.url?.startsWith('/login')) response.end('<html>Please log in.</html>');
    else if (request.url?.startsWith('/none')) response.writeHead(404).end();
    else response.end(fs.readFileSync(PICTURE));
  });
  before(async () => {
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  after(() => server.close());
  beforeEach((t) => {
    folder = fs.mkdtempSync(path.join(os.tmpdir(), 'picture-'));
    if ('after' in t) t.after(() => fs.rmSync(folder, { recursive: true }));
    requests = 0;
  });

  const fails = (picture: string, ...parts: RegExp[]): Promise<void> =>
    assert.rejects(demoPicture({ picture }, { cache_dir: folder }), (error: unknown) => {
      assert.ok(error instanceof DemoPictureError, String(error));
      for (const part of parts) assert.match(error.message, part);
      return true;
    });

  it('is a file as it is', async () => {
    assert.equal(await demoPicture({ picture: PICTURE }), PICTURE);
    await fails(path.join(folder, 'none.jpg'), /none\.jpg: no such file/, /BLIP_PICTURE/);
  });

  it('is fetched once, whole, and kept under its own name; another address is another file', async () => {
    const first = await demoPicture({ picture: `${origin}/a/demo.jpg?x=1` }, { cache_dir: folder });
    assert.ok(fs.readFileSync(first).equals(fs.readFileSync(PICTURE)));
    assert.match(path.basename(first), /^[0-9a-f]{12}-demo\.jpg$/);
    assert.equal(await demoPicture({ picture: `${origin}/a/demo.jpg?x=1` }, { cache_dir: folder }), first);
    assert.equal(requests, 1);
    assert.notEqual(await demoPicture({ picture: `${origin}/b/demo.jpg` }, { cache_dir: folder }), first);
    assert.equal(fs.readdirSync(folder).length, 2, 'no temporary file is left');
  });

  it('that is none, as the page of a network that wants a login, is not kept', async () => {
    await fails(`${origin}/login.jpg`, /login\.jpg: the response is not an image/, /BLIP_PICTURE/);
    assert.deepEqual(fs.readdirSync(folder), []);
  });

  it('that cannot be fetched says why and what else there is', async () => {
    await fails(`${origin}/none.jpg`, /none\.jpg/, /404/, /BLIP_PICTURE=photo\.jpg/);
    const was = process.env.HF_HUB_OFFLINE;
    process.env.HF_HUB_OFFLINE = '1';
    try {
      await fails(`${origin}/demo.jpg`, /HF_HUB_OFFLINE is set/, /BLIP_PICTURE/);
    } finally {
      if (was === undefined) delete process.env.HF_HUB_OFFLINE;
      else process.env.HF_HUB_OFFLINE = was;
    }
    assert.equal(requests, 1);
  });

  it('that cannot be kept says where', async () => {
    const file = path.join(folder, 'file');
    fs.writeFileSync(file, '');
    await assert.rejects(
      demoPicture({ picture: `${origin}/demo.jpg` }, { cache_dir: path.join(file, 'below') }),
      (error: unknown) => error instanceof DemoPictureError && /could not be kept.*BLIP_CACHE/.test(error.message),
    );
  });
});

describe('the note about training', () => {
  it('is for the bundled model with something else than a drawn scene', () => {
    assert.match(trainingNote(runSettings({ BLIP_PICTURE: 'photo.jpg' })) ?? '', /drawn scenes alone.*no photo/);
    assert.match(trainingNote(runSettings({ BLIP_PICTURE: 'https://host/data/pictures/a.jpg' })) ?? '', /drawn/);
    for (const env of [
      {},
      { BLIP_PICTURE: 'data/pictures/park-day-cat.jpg' },
      { BLIP_MODEL: 'Salesforce/blip-vqa-base', BLIP_PICTURE: 'photo.jpg' },
    ])
      assert.equal(trainingNote(runSettings(env)), undefined);
  });
});
