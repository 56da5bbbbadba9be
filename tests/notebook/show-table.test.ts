// Tables in a notebook (HTML that a page can trust) and elsewhere (aligned text).
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { JSDOM } from 'jsdom';
import { showTable } from '../../lib/notebook/show-table';
import { recordOutputs } from './record-outputs';

interface Shown {
  readonly text: string;
  readonly cells: (string | null)[][];
  readonly aligned: string[][];
  readonly document: Document;
}

function table(rows: readonly object[]): Shown {
  const outputs = recordOutputs(() => showTable(rows));
  assert.equal(outputs.length, 1);
  const { 'text/plain': text, 'text/html': html } = outputs[0].data;
  const { document } = new JSDOM(html).window;
  const lines = [...document.querySelectorAll('tr')].map((row) => [...row.children]);
  const aligned = lines.map((row) => row.map((cell) => cell.getAttribute('style') ?? ''));
  return { text, document, cells: lines.map((row) => row.map((cell) => cell.textContent)), aligned };
}

describe('showTable', () => {
  it('heads the columns with the fields of all rows, in the order they first appear; what a row lacks is empty', () => {
    const { cells, text } = table([
      { part: 'vision', layers: 12 },
      { part: 'text', heads: 8, layers: null },
      { heads: undefined, note: false },
    ]);
    assert.deepEqual(cells, [
      ['part', 'layers', 'heads', 'note'],
      ['vision', '12', '', ''],
      ['text', '', '8', ''],
      ['', '', '', 'false'],
    ]);
    assert.equal(
      text,
      [
        'part    layers  heads  note',
        '------  ------  -----  -----',
        'vision      12',
        'text                8',
        '                       false',
      ].join('\n'),
    );
  });

  it('shows HTML, quotes and Markdown in names and cells as they are', () => {
    const nasty = '<img src=x onerror="alert(1)"> & **bold** | `code` \'q\' </td></table>';
    const { cells, document, text } = table([{ [nasty]: nasty, entity: '&lt;' }]);
    assert.deepEqual(cells, [
      [nasty, 'entity'],
      [nasty, '&lt;'],
    ]);
    assert.equal(document.querySelector('img, b, strong, script, code'), null);
    assert.ok(text.includes(nasty));
  });

  it('puts numbers and numbers with a unit to the right, other columns to the left', () => {
    const { aligned } = table([
      { n: 1, s: '12.5 ms', p: '99.4 %', x: '1.20x', mixed: 3, empty: '' },
      { n: 22.5, s: '3 ms', p: '1 %', x: '10.00x', mixed: 'none', empty: '' },
    ]);
    for (const row of aligned)
      assert.deepEqual(
        row.map((style) => style.replace('text-align:', '')),
        ['right', 'right', 'right', 'right', 'left', 'right'],
      );
  });

  it('shortens fractions to six digits, and leaves whole numbers whole', () => {
    const { cells } = table([{ a: 1 / 3, b: 123456789, c: 0.1 + 0.2, d: -12.3456789 }]);
    assert.deepEqual(cells[1], ['0.333333', '123456789', '0.3', '-12.3457']);
  });

  it('shows nothing without rows', () =>
    assert.deepEqual(
      recordOutputs(() => showTable([])),
      [],
    ));

  it('writes the text to the console outside of a notebook', (t) => {
    const log = t.mock.method(console, 'log', () => {});
    showTable([{ a: 1 }]);
    assert.deepEqual(
      log.mock.calls.map(({ arguments: [text] }) => text),
      ['a\n-\n1'],
    );
  });
});
