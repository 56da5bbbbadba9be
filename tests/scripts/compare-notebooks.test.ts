// The comparison of saved and fresh notebooks: it finds every kind of changed result, and lets pass what another
// machine makes different.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { after, before, describe, test } from 'node:test';
import sharp from 'sharp';
import { findNncfPython } from '../../lib/optimize/find-nncf-python';
import { projectRoot } from '../project-root';

type Output = Record<string, unknown>;
const stream = (text: string, name = 'stdout'): Output => ({ output_type: 'stream', name, text });
const display = (data: Record<string, string>): Output => ({ output_type: 'display_data', data, metadata: {} });
const table = (text: string): Output => display({ 'text/html': `<pre>${text}</pre>`, 'text/plain': text });

let folder = '';
let png = '';
before(async () => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'compare-'));
  png = (await picture()).toString('base64');
});
after(() => fs.rmSync(folder, { recursive: true, force: true }));

/** A gradient, so that PNG uses its filters, with one pixel set to `value`. */
function picture(value?: number, width = 40): Promise<Buffer> {
  const pixels = Buffer.from(Array.from({ length: width * 30 * 3 }, (_, i) => (i * i) % 251));
  if (value !== undefined) pixels[300] = (pixels[300] + value) % 256;
  return sharp(pixels, { raw: { width, height: 30, channels: 3 } })
    .png({ adaptiveFiltering: true })
    .toBuffer();
}

function write(side: string, cells: readonly (readonly Output[])[], tags: string[] = []): void {
  fs.mkdirSync(path.join(folder, side), { recursive: true });
  const notebook = {
    nbformat: 4,
    nbformat_minor: 5,
    metadata: {},
    cells: cells.map((outputs, i) => ({
      id: `c${i}`,
      cell_type: 'code',
      execution_count: i + 1,
      metadata: { tags },
      source: `cell ${i}`,
      outputs,
    })),
  };
  fs.writeFileSync(path.join(folder, side, 'n.ipynb'), JSON.stringify(notebook));
}

/** What it complains about; '' when it passes. */
function compare(
  saved: readonly (readonly Output[])[],
  again: readonly (readonly Output[])[],
  tags?: string[],
): string {
  for (const side of ['saved', 'again']) fs.rmSync(path.join(folder, side), { recursive: true, force: true });
  write('saved', saved, tags);
  write('again', again, tags);
  return check();
}

function check(): string {
  const { status, stderr } = spawnSync(
    findNncfPython(),
    [path.join(projectRoot(), 'scripts/compare_notebooks.py'), path.join(folder, 'saved'), path.join(folder, 'again')],
    { encoding: 'utf8' },
  );
  assert.equal(status, stderr === '' ? 0 : 1, stderr);
  return stderr;
}

const lines = (...text: string[]): Output => stream(text.join('\n'));

describe('passes', () => {
  const cases: Record<string, [Output, Output]> = {
    times: [
      lines('Processing time: 0.0101 s', 'Convert: 9.3 MiB of 9.3 MiB, 0.1 s'),
      lines('Processing time: 12.5 s', 'Convert: 9.3 MiB of 9.3 MiB, 3 s'),
    ],
    'tables with times, however wide': [
      table('stage   median ms  p10 ms\n------  ---------  ------\nvision       1.28    1.12'),
      table('stage   median ms   p10 ms\n------  ---------  -------\nvision    1234.56  1000.12'),
    ],
    'ratios of times': [
      lines('speed-up          vision 0.90x, text 1.30x'),
      lines('speed-up          vision 2.10x, text 3.30x'),
    ],
    'precision and threads': [
      lines('device CPU, precision bf16, threads 2', 'CPU, bf16, 2 threads'),
      lines('device CPU, precision f32, threads 16', 'CPU, f32, 16 threads'),
    ],
    'the processor': [
      lines(
        'CPU, 2 threads, Intel(R) Xeon(R) Processor',
        'FP16 folder: computed in bf16',
        'INT8 folder: computed in bf16, decoder f32',
      ),
      lines('CPU, 16 threads, Apple M3', 'FP16 folder: computed in f32', 'INT8 folder: computed in f32'),
    ],
    'the port of a page': [
      lines('Demo: http://127.0.0.1:40123/ (as long as this kernel runs)'),
      lines('Demo: http://127.0.0.1:8080/ (as long as this kernel runs)'),
    ],
    'a chart of times': [
      display({
        'image/png': 'AAAA',
        'text/html': 'a',
        'text/plain': 'Time on CPU, bf16 (milliseconds)\nFP16: a 1.37, b 2.00',
      }),
      display({
        'image/png': 'BBBB',
        'text/html': 'b',
        'text/plain': 'Time on CPU, f32 (milliseconds)\nFP16: a 13.7, b 0.10',
      }),
    ],
    'devices that are not the chosen one, and their full names': [
      table(
        'device  chosen  full name\n------  ------  ---------\nCPU     yes     AMD EPYC\nAUTO            any      ',
      ),
      table(
        'device  chosen  full name    \n------  ------  -------------\nCPU     yes     Intel Core i7\nGPU        ' +
          '     Intel Iris   \nAUTO            any          ',
      ),
    ],
    'sizes within 1 %': [
      table('part  INT8 KB\n----  -------\nall   1000.00'),
      table('part  INT8 KB\n----  -------\nall   1005.00'),
    ],
    'one of few questions': [
      table('kind  questions     FP16\n----  ---------  -------\nnext         17   94.1 %'),
      table('kind  questions     FP16\n----  ---------  -------\nnext         17  100.0 %'),
    ],
  };
  for (const [what, [saved, again]] of Object.entries(cases))
    test(what, () => assert.equal(compare([[saved]], [[again]]), ''));

  test('equal notebooks, pictures compressed in another way, and levels that move by one', async () => {
    const again = await sharp(await picture(1))
      .png({ compressionLevel: 1, adaptiveFiltering: false })
      .toBuffer();
    assert.notEqual(again.toString('base64'), png);
    assert.equal(
      compare(
        [[display({ 'image/png': png, 'text/plain': 'a dog' })]],
        [[display({ 'image/png': again.toString('base64'), 'text/plain': 'a dog' })]],
      ),
      '',
    );
  });

  test('anything but an error or nothing in a cell that depends on the machine', () => {
    const tags = ['depends-on-machine'];
    assert.equal(compare([[lines('2 cores')]], [[lines('16 cores'), table('x')]], tags), '');
    assert.match(compare([[lines('2 cores')]], [[]], tags), /cell 1: results differ/);
    assert.match(compare([[lines('2 cores')]], [[stream('failed', 'stderr')]], tags), /failed/);
  });
});

describe('finds', () => {
  const cases: Record<string, [Output[], Output[]]> = {
    'another answer': [[lines('answer: 2')], [lines('answer: 3')]],
    'another caption': [
      [lines('caption: two dogs on the beach, processing time 0.1 s')],
      [lines('caption: two cats on the beach, processing time 0.1 s')],
    ],
    'a word near the score of a core': [[lines('score one')], [lines('score two')]],
    'a whole number in a line that also has a time': [[lines('300 samples in 2.0 s')], [lines('299 samples in 2.0 s')]],
    'a size that moved by 3 %': [
      [table('part  INT8 KB\n----  -------\nall   1000.00')],
      [table('part  INT8 KB\n----  -------\nall   1030.00')],
    ],
    'a pixel value that moved': [[lines('first values -0.6828')], [lines('first values -0.7328')]],
    'an accuracy that fell by 3 points of many': [
      [table('kind  questions    FP16\n----  ---------  ------\nall         500  99.4 %')],
      [table('kind  questions    FP16\n----  ---------  ------\nall         500  96.4 %')],
    ],
    'a type in a table': [
      [table('port   type\n-----  ----\ninput  f32 ')],
      [table('port   type\n-----  ----\ninput  bf16')],
    ],
    'a missing row': [[table('a\n-\n1\n2')], [table('a\n-\n1')]],
    'a renamed column of times': [
      [table('a  vision\n-  ------\n1  1.0   ')],
      [table('a  images\n-  ------\n1  1.0   ')],
    ],
    'a missing output': [[lines('a'), table('b')], [lines('a')]],
    'an extra output': [[lines('a')], [lines('a'), table('b')]],
    'another order': [
      [lines('a'), table('b')],
      [table('b'), lines('a')],
    ],
    'a warning': [[lines('a')], [lines('a'), stream('warning', 'stderr')]],
    'a chart without its picture': [
      [display({ 'image/png': 'AAAA', 'text/html': 'a', 'text/plain': 'c' })],
      [display({ 'text/html': 'a', 'text/plain': 'c' })],
    ],
  };
  for (const [what, [saved, again]] of Object.entries(cases))
    test(what, () =>
      assert.match(compare([[lines('same')], saved], [[lines('same')], again]), /^n\.ipynb, cell 2: results differ\n/),
    );

  test('both lines are shown, and how to save again', () => {
    assert.equal(
      compare([[lines('answer: 2')]], [[lines('answer: 3')]]),
      'n.ipynb, cell 1: results differ\n  saved: answer: 2\n  again: answer: 3\n1 difference. If intended, save ' +
        'them again: npm start -- --save\n',
    );
  });

  test('a changed picture, by one pixel or by its size', async () => {
    const show = (data: Buffer) => [[display({ 'image/png': data.toString('base64'), 'text/plain': 'a dog' })]];
    assert.match(
      compare(show(await picture()), show(await picture(9))),
      /cell 1: results differ\n {2}1 of 1200 pixels of an image changed/,
    );
    assert.match(
      compare(show(await picture()), show(await picture(undefined, 41))),
      /an image of 40 x 30 pixels became 41 x 30/,
    );
  });

  test('a missing cell, a missing notebook, no notebook at all', () => {
    assert.match(compare([[lines('a')], [lines('b')]], [[lines('a')]]), /n\.ipynb: the cells themselves differ/);
    fs.rmSync(path.join(folder, 'again', 'n.ipynb'));
    assert.match(check(), /n\.ipynb: missing in .*again/);
    fs.rmSync(path.join(folder, 'saved', 'n.ipynb'));
    assert.match(check(), /no notebooks in/);
  });
});
