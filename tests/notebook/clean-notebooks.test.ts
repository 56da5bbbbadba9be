// The notebooks without prose and outputs: what is left is what a person needs to do them again.
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { after, describe, it } from 'node:test';
import { isRecord } from '../../lib/core/is-record';
import { projectRoot } from '../project-root';

const SCRIPT = path.join(projectRoot(), 'scripts', 'clean-notebooks.mjs');
const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'blip-clean-'));
after(() => fs.rmSync(folder, { recursive: true }));

function readCells(file: string): Record<string, unknown>[] {
  const json: unknown = JSON.parse(fs.readFileSync(file, 'utf8'));
  assert.ok(isRecord(json) && Array.isArray(json.cells) && isRecord(json.metadata));
  assert.ok(isRecord(json.metadata.kernelspec) && json.metadata.kernelspec.name === 'tslab');
  return json.cells.filter(isRecord);
}

const textOf = ({ source }: Record<string, unknown>): string =>
  Array.isArray(source) ? source.join('') : String(source);

describe('npm run clean-notebooks', () => {
  execFileSync(process.execPath, [SCRIPT, folder]);
  for (const name of ['233-blip-convert.ipynb', '233-blip-optimize.ipynb']) {
    const before = readCells(path.join(projectRoot(), 'notebooks', name));
    const clean = readCells(path.join(folder, name));
    const code = (cells: Record<string, unknown>[]) => cells.filter(({ cell_type }) => cell_type === 'code');
    const prose = (cells: Record<string, unknown>[]) =>
      cells.filter(({ cell_type }) => cell_type === 'markdown').map(textOf);

    it(`${name}: keeps the code, and nothing that it printed`, () => {
      assert.deepEqual(code(clean).map(textOf), code(before).map(textOf));
      assert.deepEqual(
        code(clean).map(({ id }) => id),
        code(before).map(({ id }) => id),
      );
      for (const cell of code(clean)) {
        assert.deepEqual(cell.outputs, []);
        assert.equal(cell.execution_count, null);
      }
    });

    it(`${name}: keeps headings alone, and the exercises' tasks without hints and results`, () => {
      const headings = (text: string) => text.match(/^#+ .+$/gm) ?? [];
      assert.deepEqual(headings(prose(clean).join('\n')), headings(prose(before).join('\n')));
      for (const text of prose(clean).slice(0, -1))
        assert.ok(text.split('\n').every((line) => /^(#+ .+)?$/.test(line)));
      const exercises = prose(clean).at(-1) ?? '';
      const tasks = exercises.split(/^### /m).slice(1);
      assert.ok(tasks.length >= 5);
      for (const task of tasks) assert.match(task, /^E\d .+\n\n.+\?/);
      assert.doesNotMatch(exercises, /Hint|<details>|Expected|solutions/);
      assert.ok(clean.every(({ attachments }) => attachments === undefined));
    });
  }

  it('does not write over the notebooks themselves', () => {
    const { status, stderr } = spawnSync(process.execPath, [SCRIPT, path.join(projectRoot(), 'notebooks')], {
      encoding: 'utf8',
    });
    assert.equal(status, 1);
    assert.match(stderr, /notebooks.*another folder/);
  });
});
