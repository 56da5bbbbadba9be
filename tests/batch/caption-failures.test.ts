// captionFolder: images that cannot be used.
import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import * as http from 'node:http';
import * as path from 'node:path';
import { describe, test } from 'node:test';
import { captionFolder } from '../../lib';
import { DEMO, PICTURES, base, counts, photos, rowsOf, work } from './caption-fixture';

describe('images that cannot be used', () => {
  test('are told by name with their reason; the others are done, and a later call tries them again', async () => {
    const folder = photos('demo.jpg');
    fs.writeFileSync(path.join(folder, 'zero.jpg'), '');
    fs.writeFileSync(path.join(folder, 'cut.jpg'), fs.readFileSync(path.join(PICTURES, 'demo.jpg')).subarray(0, 900));
    fs.writeFileSync(path.join(folder, 'text.jpg'), 'no image');
    fs.mkdirSync(path.join(folder, 'folder.jpg'));
    const told: string[] = [];
    const options = { ...base, on_failure: ({ name }: { name: string }) => void told.push(path.basename(name)) };
    const summary = await captionFolder(folder, options);
    assert.deepEqual(counts(summary), [1, 0, 0, 3]);
    assert.deepEqual(told.sort(), ['cut.jpg', 'text.jpg', 'zero.jpg']);
    const reasons = Object.fromEntries(summary.failures.map(({ name, reason }) => [path.basename(name), reason]));
    assert.match(reasons['zero.jpg'], /^is empty \(0 bytes\)/);
    assert.match(reasons['cut.jpg'], /JPEG.*cannot be decoded/);
    assert.match(reasons['text.jpg'], /text file/);
    fs.copyFileSync(path.join(PICTURES, 'park-day-cat.jpg'), path.join(folder, 'zero.jpg'));
    assert.deepEqual(counts(await captionFolder(folder, base)), [1, 1, 0, 2]);
  });

  test('a file that goes away between listing and reading', async () => {
    const folder = photos('demo.jpg', 'park-day-cat.jpg');
    const list = path.join(work, 'gone.jsonl');
    const names = ['demo.jpg', 'gone.jpg', 'park-day-cat.jpg'].map((name) => JSON.stringify(path.join(folder, name)));
    fs.writeFileSync(list, names.join('\n'));
    const { done, failures } = await captionFolder(list, { ...base, output: path.join(work, 'gone-out.jsonl') });
    assert.equal(done, 2);
    assert.match(failures[0].reason, /ENOENT/);
  });

  test('an empty folder, and one that is not there', async () => {
    const { failures } = await captionFolder(photos(), base);
    assert.match(failures[0].reason, /no images/);
    await assert.rejects(captionFolder(path.join(work, 'nowhere'), base), { name: 'BatchError', message: /nowhere/ });
  });

  test('an address that fails', async () => {
    const server = http.createServer((request, response) => {
      if (request.url === '/demo.jpg') response.end(fs.readFileSync(path.join(PICTURES, 'demo.jpg')));
      else response.writeHead(404).end();
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    assert.ok(typeof address === 'object' && address);
    process.env.NO_PROXY = '127.0.0.1';
    const list = path.join(work, 'addresses.jsonl');
    const urls = ['demo.jpg', 'none.jpg'].map((name) => `{"url":"http://127.0.0.1:${address.port}/${name}"}`);
    fs.writeFileSync(list, urls.join('\n'));
    const output = path.join(work, 'addresses-out.jsonl');
    const { done, failures } = await captionFolder(list, { ...base, output });
    server.closeAllConnections();
    server.close();
    assert.equal(done, 1);
    assert.match(failures[0].reason, /404/);
    assert.equal(rowsOf(output)[0].caption, DEMO.trim());
  });
});
