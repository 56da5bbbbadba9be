// Every form of parquet that pyarrow writes, against what pyarrow itself reads back (make_parquet_forms.py).
import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import * as path from 'node:path';
import { test } from 'node:test';
import { ParquetFile } from '../../../lib/datasets/parquet';
import { openByteSource } from '../../../lib/hub';
import { projectRoot } from '../../project-root';
import { isRecord } from '../../../lib/core/is-record';

const FOLDER = path.join(projectRoot(), 'tests/fixtures/datasets/forms');
const { files, tables }: { files: Record<string, number>; tables: Record<string, unknown[]>[] } = JSON.parse(
  fs.readFileSync(path.join(FOLDER, 'expected.json'), 'utf8'),
);

/** A value as `expected.json` writes it. */
function plain(value: unknown, type: string | undefined): unknown {
  if (value === undefined || value === null) return null;
  if (value instanceof Uint8Array) return { base64: Buffer.from(value).toString('base64') };
  if (typeof value === 'bigint' || (typeof value === 'number' && type === 'INT32')) return { int: String(value) };
  if (Array.isArray(value)) return value.map((item) => plain(item, type));
  if (!isRecord(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, plain(item, type)]));
}

/** What one leaf has of a value: a struct keeps this leaf alone. */
function project(value: unknown, names: readonly string[]): unknown {
  const [name, ...rest] = names;
  if (Array.isArray(value)) return value.map((item) => project(item, names));
  return isRecord(value) && name !== undefined ? { [name]: project(value[name], rest) } : value;
}

for (const [name, number] of Object.entries(files))
  test(name, async () => {
    const file = await ParquetFile.open(await openByteSource(path.join(FOLDER, `${name}.parquet`)));
    const expected = tables[number];
    assert.deepEqual([...file.footer.columns], Object.keys(expected));
    for (const leaf of file.footer.leaves) {
      const [column, ...inner] = leaf.path;
      const names = inner.filter((part) => !['list', 'element', 'item', 'array'].includes(part));
      const wanted = expected[column].map((value) => project(value, names));
      const element = leaf.elements[leaf.elements.length - 1];
      const type = element.converted_type === 'DECIMAL' ? undefined : element.type;
      const check = (read: readonly unknown[], from: number): void =>
        assert.deepEqual(
          read.map((value) => plain(value, type)),
          wanted.slice(from, from + read.length),
          `${leaf.path.join('.')} from row ${from}`,
        );
      let rows = 0;
      for (const groups of file.planSpans()) {
        const span = file.openSpan(groups);
        check(await span.read(leaf, 0, span.rows), span.first);
        for (const [from, to] of [
          [0, 1],
          [span.rows - 1, span.rows],
          [3, 9],
          [20, 30],
          [29, 31],
        ])
          if (to <= span.rows) check(await file.openSpan(groups).read(leaf, from, to), span.first + from);
        rows += span.rows;
      }
      assert.equal(rows, wanted.length);
    }
  });
