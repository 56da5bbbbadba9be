// Tables, archives and lists as other tools write them: pyarrow, GNU tar, Python's json, PowerShell.
import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import * as path from 'node:path';
import { Readable } from 'node:stream';
import { describe, test } from 'node:test';
import { askFolder, captionFolder } from '../../lib';
import type { BadItem, BatchItem } from '../../lib/batch/batch-item';
import { expandRanges } from '../../lib/batch/expand-ranges';
import { listInput, type BatchInput } from '../../lib/batch/list-inputs';
import type { TableColumns } from '../../lib/batch/table-columns';
import { base, FIXTURES, PICTURES, rowsOf, work } from './caption-fixture';

async function list(input: BatchInput, columns?: TableColumns): Promise<(BatchItem | BadItem)[]> {
  const items = [];
  for await (const item of listInput(input, columns)) items.push(item);
  return items;
}

const fixture = (name: string): string => path.join(FIXTURES, name);
const describeItem = (item: BatchItem | BadItem): string =>
  'problem' in item ? `${item.name}: ${item.problem}` : path.basename(item.name);
const isJpeg = (item: BatchItem | BadItem): boolean =>
  'source' in item && item.source instanceof Uint8Array && item.source[0] === 0xff && item.source[1] === 0xd8;

describe('a parquet file', () => {
  for (const column of ['large', 'dictionary', 'view', 'list'])
    test(`with names as ${column}`, async () => {
      const items = await list(fixture('text-kinds.parquet'), { image: column });
      const found = items.map((item) => ('problem' in item ? item.problem : path.basename(item.name)));
      assert.deepEqual(found, ['a.jpg', 'b.jpg', 'image missing', 'a.jpg']);
    });

  test('without a usual column: its columns and the option are named', async () => {
    await assert.rejects(list(fixture('questions.parquet')), /"scene".*"questions".*--image-column/);
    await assert.rejects(list(fixture('questions.parquet'), { image: 'pic' }), /"scene".*expected one of pic/);
    await assert.rejects(list(fixture('questions.parquet'), { image: 'scene', question: 'q' }), /"scene".*"q"/);
  });

  test('with the feature Image of datasets, and a list of questions', async () => {
    const items = await list(fixture('questions.parquet'), { image: 'scene', question: 'questions' });
    assert.deepEqual(items.map(isJpeg), [true, true]);
    assert.deepEqual(
      items.map((item) => 'questions' in item && item.questions),
      [['is it day or night?', 'how many dogs are there?'], []],
    );
    assert.equal(items[0].name, `${fixture('questions.parquet')}#0 (dogs.jpg)`);
  });
});

describe('JSON records', () => {
  test('with base64, data: addresses, objects and lists', async () => {
    const items = await list(fixture('records.jsonl'));
    const at = (number: number): string => `${fixture('records.jsonl')}, line ${number}`;
    assert.deepEqual(
      items.map(({ name }) => name),
      [
        at(1),
        at(2),
        `${at(3)} (dogs.jpg)`,
        'https://example.invalid/a.jpg',
        fixture('b.jpg'),
        'https://example.invalid/c.jpg',
        at(7),
        fixture('é\n😀.jpg'),
      ],
    );
    assert.deepEqual([isJpeg(items[0]), isJpeg(items[2])], [true, true]);
    assert.match('problem' in items[6] ? items[6].problem : '', /several images/);
  });

  test('a line that is too long is told, and the next ones are read', async () => {
    const file = path.join(work, 'long.jsonl');
    const out = fs.openSync(file, 'w');
    fs.writeSync(out, '{"image": "a.jpg", "more": "');
    for (let i = 0; i < 65; i++) fs.writeSync(out, Buffer.alloc(2 ** 20, 0x61));
    fs.writeSync(out, `"}\n{"image": "b.jpg", "more": "${'a'.repeat(2 ** 21)}"}\n`);
    fs.closeSync(out);
    const [long, next] = await list(file);
    assert.match('problem' in long ? long.problem : '', /has 68157\d+ bytes; expected at most/);
    assert.equal(next.name, path.join(work, 'b.jpg'));
  });

  test('in succession about one image are one, with the questions of all', async () => {
    const file = path.join(work, 'vqa.jsonl');
    const ask = (image: string, question: unknown): string => `${JSON.stringify({ image, question })}\n`;
    fs.writeFileSync(file, ask('a.jpg', 'x?') + ask('a.jpg', ['y?', 'x?']) + ask('b.jpg', ' ') + ask('a.jpg', 'z?'));
    const items = await list(file, { question: 'question' });
    assert.deepEqual(
      items.map((item) => [path.basename(item.name), 'questions' in item && item.questions]),
      [
        ['a.jpg', ['x?', 'y?']],
        ['b.jpg', []],
        ['a.jpg', ['z?']],
      ],
    );
  });
});

describe('a CSV file', () => {
  for (const name of ['records.csv', 'records.tsv', 'unix.csv'])
    test(`${name}, as Python writes it`, async () => {
      const items = await list(fixture(name), { question: 'question' });
      const asked = items.map((item) => ('problem' in item ? item.problem.slice(0, 14) : item.questions));
      assert.deepEqual(asked, [['how many "dogs"\nare there?'], [], 'names no image', ["it's day, isn't it?"]]);
      assert.deepEqual(
        items.map((item) => item.name),
        [fixture('a, b; c.jpg'), fixture('é.jpg'), `${fixture(name)}, line 5`, 'https://example.invalid/d.jpg'],
      );
    });

  test('as Excel writes it: semicolons, marks of UTF-8 and UTF-16, blank lines', async () => {
    const file = path.join(work, 'excel.csv');
    const text = '\ufeffpath;n\r\n"a ""b"".jpg";1\r\n\r\n;;\r\nä.jpg;"2\r\n3"';
    for (const bytes of [Buffer.from(text), Buffer.from(text, 'utf16le')]) {
      fs.writeFileSync(file, bytes);
      const names = (await list(file)).map(({ name }) => path.relative(work, name));
      assert.deepEqual(names.slice(0, 1), ['a "b".jpg']);
      assert.deepEqual(names.slice(-1), ['ä.jpg']);
    }
  });

  test('that is damaged: rows are told, or the file', async () => {
    const file = path.join(work, 'odd.csv');
    fs.writeFileSync(file, Buffer.from('path,n\na.jpg,1,2\n\xff.jpg,1\nb.jpg\n', 'latin1'));
    const items = await list(file);
    assert.match(items.map(describeItem).join('\n'), /line 2.*3 fields.*"path", "n"\n.*line 3.*UTF-8.*\nb\.jpg/);
    fs.writeFileSync(file, 'a.jpg\nb.jpg\n');
    await assert.rejects(list(file), /odd\.csv: has the columns "a\.jpg"; expected one of image/);
    fs.writeFileSync(file, `path\n"${'x'.repeat(17 * 2 ** 20)}`);
    await assert.rejects(list(file), /line 2.*not be closed/);
    fs.writeFileSync(file, '');
    assert.deepEqual(await list(file), []);
  });
});

describe('a tar file', () => {
  test('of a folder, as GNU tar writes it: names without ./, hidden ones left out', async () => {
    const items = await list(fixture('folder.tar'));
    assert.deepEqual(
      items.map(({ key }) => key),
      ['dogs.jpg', 'sub/cat.jpg'],
    );
  });

  test('with a file twice: each has a name of its own', async () => {
    const file = path.join(work, 'twice.tar');
    const bytes = fs.readFileSync(fixture('folder.tar'));
    const entries = bytes.subarray(0, bytes.length - 1024);
    let end = entries.length;
    while (end > 0 && entries.subarray(end - 512, end).every((byte) => byte === 0)) end -= 512;
    fs.writeFileSync(file, Buffer.concat([bytes.subarray(0, end), bytes]));
    assert.deepEqual(
      (await list(file)).map(({ key }) => key),
      ['dogs.jpg', 'sub/cat.jpg', 'dogs.jpg#2', 'sub/cat.jpg#2'],
    );
  });

  test('a pattern and a range of numbers stand for several; one that is missing is told', async () => {
    const folder = path.join(work, 'shards');
    fs.mkdirSync(folder);
    for (const name of ['set-08.tar', 'set-10.tar']) fs.copyFileSync(fixture('folder.tar'), path.join(folder, name));
    const star = await list(`${folder}/set-*.tar`);
    assert.deepEqual(
      star.map(({ name }) => path.relative(folder, name).replaceAll('\\', '/')),
      ['set-08.tar', 'set-10.tar'].flatMap((name) => [`${name}/dogs.jpg`, `${name}/sub/cat.jpg`]),
    );
    const range = await list(`${folder}/set-{08..10}.tar`);
    const bad = range.filter((item) => 'problem' in item);
    assert.deepEqual([range.length, bad.length], [5, 1]);
    assert.match(bad[0].name, /set-09\.tar/);
  });

  test('ranges are those of a shell', () => {
    assert.deepEqual(expandRanges('s-{08..10}.tar'), ['s-08.tar', 's-09.tar', 's-10.tar']);
    assert.deepEqual(expandRanges('{3..1}'), ['3', '2', '1']);
    assert.deepEqual(expandRanges('{0..1}-{1..2}'), ['0-1', '0-2', '1-1', '1-2']);
    assert.deepEqual(expandRanges('{a,b}*.jpg'), ['{a,b}*.jpg']);
    assert.throws(() => expandRanges('{0..999999999}'), { name: 'BatchError' });
  });
});

describe('a list', () => {
  const names = async (...pieces: readonly Buffer[]): Promise<string[]> =>
    (await list(Readable.from(pieces))).map(({ name }) => name);

  test('as PowerShell writes it: UTF-16 with its mark', async () => {
    const little = Buffer.from('\ufeffä.jpg\r\nb.jpg\r\n', 'utf16le');
    assert.deepEqual(await names(little), ['ä.jpg', 'b.jpg']);
    assert.deepEqual(await names(little.subarray(0, 1), little.subarray(1, 8), little.subarray(8)), ['ä.jpg', 'b.jpg']);
    assert.deepEqual(await names(Buffer.from(little).swap16()), ['ä.jpg', 'b.jpg']);
  });

  test('with null characters, of which the first comes late', async () => {
    assert.deepEqual(await names(Buffer.from('a.j'), Buffer.from('pg\0b\nc.jpg\0')), ['a.jpg', 'b\nc.jpg']);
  });

  test('a data: address is not its own name', async () => {
    assert.deepEqual(await names(Buffer.from('data:image/png;base64,AAAA\n')), ['standard input, line 1']);
  });
});

describe('an archive that cannot be read', () => {
  test('is told wherever it was cut: in a file, in a header, between two files', async () => {
    const whole = fs.readFileSync(fixture('folder.tar'));
    const file = path.join(work, 'short.tar');
    for (let size = 512; size < whole.length; size += 256) {
      fs.writeFileSync(file, whole.subarray(0, size));
      const isWhole = whole.subarray(size - 512).every((byte) => byte === 0);
      if (isWhole) assert.equal((await list(file)).length, 2, `${size} bytes`);
      else await assert.rejects(list(file), /short\.tar/, `${size} bytes`);
    }
  });

  test('is a failure of its own; what comes before and behind it is done, in every shard', async () => {
    const cut = path.join(work, 'cut.tar');
    const whole = fs.readFileSync(fixture('folder.tar'));
    fs.writeFileSync(cut, whole.subarray(0, 4 * 512 + 600));
    const inputs = [cut, path.join(work, 'gone.parquet'), path.join(PICTURES, 'demo.jpg')];
    const output = path.join(work, 'after-cut.jsonl');
    const { done, failures } = await captionFolder(inputs, { ...base, output });
    assert.deepEqual(failures.map(({ name }) => path.basename(name)).sort(), ['cut.tar', 'gone.parquet']);
    assert.ok(rowsOf(output).some(({ image }) => image.endsWith('demo.jpg')));
    assert.equal(done, rowsOf(output).length);
    for (const index of [0, 1]) {
      const part = await captionFolder(inputs, { ...base, output, shard: { index, count: 2 } });
      assert.equal(part.failures.length, 2);
    }
  });
});

describe('questions of each image', () => {
  test('get the answers that they get when they are asked about all', async () => {
    const file = path.join(work, 'own.jsonl');
    const names = ['demo.jpg', 'park-day-cat.jpg', 'snow-night-cat.jpg'];
    const own = [['is it day or night?', 'how many dogs are there?'], ['is there a cat?'], ['is it day or night?']];
    const row = (name: string, i: number): string =>
      JSON.stringify({ picture: path.join(PICTURES, name), ask: own[i].length > 1 ? own[i] : own[i][0] });
    fs.writeFileSync(file, `${names.map(row).join('\n')}\n${JSON.stringify({ picture: 'none.jpg' })}\n`);
    const output = path.join(work, 'own-out.jsonl');
    const options = { ...base, image_column: 'picture', question_column: 'ask', output };
    const { done, failures } = await askFolder(file, [], options);
    assert.equal(done, 3);
    assert.match(failures[0].reason, /no question.*"ask"/);
    const all = path.join(work, 'all-out.jsonl');
    const inputs = names.map((name) => path.join(PICTURES, name));
    await askFolder(inputs, [...new Set(own.flat())], { ...base, output: all });
    const answersOf = (of: string): string[] =>
      rowsOf(of).map(({ image, question, answer }) => `${path.basename(image)} ${question} ${answer}`);
    const asked = answersOf(output);
    assert.equal(asked.length, 4);
    for (const line of asked) assert.ok(answersOf(all).includes(line), line);
    assert.equal((await askFolder(file, [], options)).skipped, 3);
    const both = await askFolder(file, ['is there a cat?'], options);
    assert.deepEqual([both.done, both.skipped, rowsOf(output).length], [2, 1, 6]);
  });

  test('without a column, or with one that is empty, are refused', async () => {
    await assert.rejects(askFolder('a.jsonl', [], { ...base, output: 'x.jsonl' }), /question_column/);
    const options = { ...base, output: 'x.jsonl', question_column: '' };
    await assert.rejects(askFolder('a.jsonl', [], options), /"question_column".*column/);
  });
});
