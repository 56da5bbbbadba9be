// What inputs stand for: folders with all that lies in folders, lists, tables and archives that other tools wrote.
import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import * as path from 'node:path';
import { Readable } from 'node:stream';
import { describe, test } from 'node:test';
import { parseShard } from '../../lib';
import type { BadItem, BatchItem } from '../../lib/batch/batch-item';
import { listInput, type BatchInput } from '../../lib/batch/list-inputs';
import { isInShard, shardName } from '../../lib/batch/shard';
import { temporaryFolder } from '../cli/run-cli';

const FIXTURES = path.resolve('tests', 'fixtures', 'batch');
const work = temporaryFolder();
const isWindows = process.platform === 'win32';

async function list(input: BatchInput): Promise<(BatchItem | BadItem)[]> {
  const items = [];
  for await (const item of listInput(input)) items.push(item);
  return items;
}

const describeItem = (item: BatchItem | BadItem): string =>
  'problem' in item ? `${item.key}: ${item.problem}` : item.key;

function touch(...names: readonly string[]): void {
  for (const name of names) {
    fs.mkdirSync(path.dirname(path.join(work, name)), { recursive: true });
    fs.writeFileSync(path.join(work, name), '');
  }
}

describe('a folder', () => {
  test('is searched in depth, in natural order; hidden and other files are left out', async () => {
    touch('a/2.jpg', 'a/10.JPG', 'a/b/x.Webp', 'a/.hidden.jpg', 'a/.git/y.jpg', 'a/notes.txt', 'a/dir.jpg/z.png');
    const items = await list(path.join(work, 'a'));
    assert.deepEqual(items.map(describeItem), ['2.jpg', '10.JPG', 'b/x.Webp', 'dir.jpg/z.png']);
    assert.deepEqual(items[0], {
      name: path.join(work, 'a', '2.jpg'),
      key: '2.jpg',
      source: path.join(work, 'a', '2.jpg'),
    });
  });

  test('with links: files are followed, loops end, broken ones are told', { skip: isWindows }, async () => {
    touch('l/1.jpg', 'l/in/2.jpg', 'elsewhere/3.jpg');
    const at = path.join(work, 'l');
    fs.symlinkSync('..', path.join(at, 'in', 'up'));
    fs.symlinkSync(path.join(work, 'elsewhere'), path.join(at, 'out'));
    fs.symlinkSync('1.jpg', path.join(at, 'same.jpg'));
    fs.symlinkSync('nowhere.jpg', path.join(at, 'broken.jpg'));
    const items = (await list(at)).map(describeItem);
    assert.deepEqual(items, [
      '1.jpg',
      'broken.jpg: a link to a file that is not there',
      'in/2.jpg',
      'out/3.jpg',
      'same.jpg',
    ]);
  });

  test('with odd names: line ends, marks, bytes that are not UTF-8', { skip: isWindows }, async () => {
    touch('odd/a\nb.jpg', 'odd/é😀.jpg', 'odd/ .jpg', 'odd/[1]*.jpg');
    const bytes = Buffer.concat([Buffer.from(path.join(work, 'odd', 'x')), Buffer.of(0xff), Buffer.from('.jpg')]);
    let isPossible = true;
    try {
      fs.writeFileSync(bytes, '');
    } catch {
      isPossible = false; // macOS refuses such a name
    }
    const items = await list(path.join(work, 'odd'));
    const good = items.filter((item) => !('problem' in item));
    assert.deepEqual(good.map(({ key }) => key).sort(), [' .jpg', '[1]*.jpg', 'a\nb.jpg', 'é😀.jpg'].sort());
    const bad = items.filter((item) => 'problem' in item).map(describeItem);
    if (isPossible) assert.match(bad.join(), /not in UTF-8.*78ff2e6a7067.*Rename/);
  });
});

describe('a list', () => {
  test('one name a line, with either line end, and without one at the end', async () => {
    const items = await list(Readable.from([Buffer.from('a.jpg\r\n\nb c.'), Buffer.from('jpg\nhttp://h/d.jpg')]));
    assert.deepEqual(
      items.map(({ name }) => name),
      ['a.jpg', 'b c.jpg', 'http://h/d.jpg'],
    );
  });

  test('names that end with a null character may hold line ends', async () => {
    const items = await list(Readable.from([Buffer.from('a\nb.jpg\0c.jpg\0')]));
    assert.deepEqual(
      items.map(({ name }) => name),
      ['a\nb.jpg', 'c.jpg'],
    );
  });

  test('a name that is not UTF-8 is told, the others are listed', async () => {
    const items = await list(Readable.from([Buffer.from([0x61, 0xff, 0x0a, 0x62, 0x0a])]));
    assert.match(describeItem(items[0]), /line 1.*UTF-8/);
    assert.equal(items[1].name, 'b');
  });

  test('without any line end is refused before it fills the memory', async () => {
    const endless = Readable.from(
      (function* () {
        for (let i = 0; i < 100; i++) yield Buffer.alloc(2 ** 20, 0x61);
      })(),
    );
    await assert.rejects(list(endless), /standard input, line 1.*longer than/);
  });

  test('of JSON records: paths are relative to the file', async () => {
    const file = path.join(work, 'sets', 'list.jsonl');
    fs.mkdirSync(path.dirname(file), { recursive: true });
    const lines = [
      '{"image": "a.jpg"}',
      '"b.jpg"',
      '{"file_name": "sub/c.jpg", "text": 1}',
      '{"url": "https://h/d.jpg"}',
      '{"text": "no image"}',
      '{broken',
      `{"image": ${JSON.stringify(path.resolve('/abs.jpg'))}}`,
    ];
    fs.writeFileSync(file, `\ufeff${lines.join('\n')}\n`);
    const items = await list(file);
    const found = items.map((item) => ('problem' in item ? item.problem : item.name));
    const at = path.dirname(file);
    assert.deepEqual(found.slice(0, 4), [
      path.join(at, 'a.jpg'),
      path.join(at, 'b.jpg'),
      path.join(at, 'sub', 'c.jpg'),
      'https://h/d.jpg',
    ]);
    assert.match(found[4], /names no image.*file_name/);
    assert.match(found[5], /cannot be read as JSON/);
    assert.equal(found[6], path.resolve('/abs.jpg'));
    assert.equal(items[4].name, `${file}, line 5`);
  });
});

describe('a tar file that Python wrote', () => {
  for (const name of ['set-000000.tar', 'set-000000.tar.gz'])
    test(`${name}: its images, with their bytes`, async () => {
      const items = await list(path.join(FIXTURES, name));
      assert.deepEqual(
        items.map(({ key }) => key),
        ['000000.jpg', '000001.png', `deep/${'n'.repeat(120)}.JPG`, 'bild-ü.jpg', 'broken.jpg'],
      );
      const [first] = items;
      assert.ok('source' in first && first.source instanceof Uint8Array);
      assert.deepEqual([...first.source.subarray(0, 2)], [0xff, 0xd8]);
      assert.equal(first.name, `${path.join(FIXTURES, name)}/000000.jpg`);
    });

  test('that is cut short, empty or no tar at all is refused by name', async () => {
    const bytes = fs.readFileSync(path.join(FIXTURES, 'set-000000.tar'));
    for (const [name, contents] of [
      ['cut.tar', bytes.subarray(0, 700)],
      ['empty.tar', bytes.subarray(0, 0)],
      ['text.tar', Buffer.from('this is no tar file '.repeat(100))],
      ['cut.tar.gz', fs.readFileSync(path.join(FIXTURES, 'set-000000.tar.gz')).subarray(0, 900)],
    ] as const) {
      fs.writeFileSync(path.join(work, name), contents);
      await assert.rejects(list(path.join(work, name)), (error: Error) => error.message.includes(name), name);
    }
  });
});

describe('a parquet file that pyarrow wrote', () => {
  test('with images: their bytes, and rows without one are told', async () => {
    const file = path.join(FIXTURES, 'images.parquet');
    const items = await list(file);
    assert.deepEqual(
      items.map(({ name }) => name),
      [`${file}#0 (demo.jpg)`, `${file}#1 (park-day-cat.jpg)`, `${file}#2 (snow-night-cat.jpg)`, `${file}#3`],
    );
    assert.match(describeItem(items[3]), /image missing/);
    assert.ok('source' in items[0] && items[0].source instanceof Uint8Array && items[0].source[0] === 0xff);
  });

  test('with paths and addresses', async () => {
    const items = await list(path.join(FIXTURES, 'paths.parquet'));
    assert.deepEqual(
      items.map(({ name }) => name),
      [path.join(FIXTURES, 'a.jpg'), path.join(FIXTURES, 'sub', 'b.jpg'), 'https://example.invalid/c.jpg'],
    );
  });

  test('that is none is refused by name', async () => {
    fs.writeFileSync(path.join(work, 'no.parquet'), 'PAR1 not really PAR1');
    await assert.rejects(list(path.join(work, 'no.parquet')), /no\.parquet/);
    await assert.rejects(list(path.join(work, 'gone.parquet')), /gone\.parquet/);
  });
});

describe('shards', () => {
  const keys = Array.from({ length: 5_000 }, (_, i) => `folder/${i}.jpg`);

  test('have no image in common, leave none out, and are of nearly one size', () => {
    const sizes = Array<number>(16).fill(0);
    for (const key of keys) {
      const owners = sizes.map((_, index) => index).filter((index) => isInShard(key, { index, count: 16 }));
      assert.equal(owners.length, 1);
      sizes[owners[0]]++;
    }
    assert.ok(Math.min(...sizes) > 230 && Math.max(...sizes) < 400, sizes.join());
  });

  test('are by SHA-256 of the name', () => {
    // python: int.from_bytes(hashlib.sha256(b'beach/1.jpg').digest()[:4], 'big') % 16
    assert.deepEqual(
      [...Array(16).keys()].filter((index) => isInShard('beach/1.jpg', { index, count: 16 })),
      [10],
    );
  });

  test('their names sort by number', () => {
    assert.equal(shardName('x/out.jsonl', { index: 3, count: 16 }), path.join('x', 'out-00003-of-00016.jsonl'));
  });

  test('that are none are refused', () => {
    assert.deepEqual(parseShard('15/16'), { index: 15, count: 16 });
    for (const text of ['16/16', '1', '-1/4', '1/0', '0.5/2', '', 'a/b', '1/9999999'])
      assert.throws(() => parseShard(text), { name: 'BatchError' }, text);
    assert.throws(() => parseShard('16/16'), /first is 0\/16, the last 15\/16/);
  });
});
