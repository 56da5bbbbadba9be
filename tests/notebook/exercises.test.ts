// The exercises and their solutions: each has a mark, a folded hint and the expected result, and is solved in a few
// lines whose result is checked.
import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import * as path from 'node:path';
import { describe, it } from 'node:test';
import { isRecord } from '../../lib/core/is-record';
import { projectRoot } from '../project-root';

const MAX_LINES = 10;
const HEADING = /^### (E\d .+)$/gm;
/** Folders that only exist on the machine of whoever saved the notebook. */
const MACHINE_PATH = /\/(home|Users|root|tmp|work)\/|[A-Z]:\\\\/;

interface Cell {
  readonly type: string;
  readonly source: string;
  readonly tags: readonly unknown[];
  readonly outputs: readonly Record<string, unknown>[];
  readonly count: unknown;
}

function cellsOf(folder: string, name: string): Cell[] {
  const json: unknown = JSON.parse(fs.readFileSync(path.join(projectRoot(), folder, name), 'utf8'));
  assert.ok(isRecord(json) && Array.isArray(json.cells));
  return json.cells.filter(isRecord).map(({ cell_type, source, outputs, metadata, execution_count }) => ({
    type: String(cell_type),
    source: Array.isArray(source) ? source.join('') : String(source),
    tags: isRecord(metadata) && Array.isArray(metadata.tags) ? metadata.tags : [],
    outputs: Array.isArray(outputs) ? outputs.filter(isRecord) : [],
    count: execution_count,
  }));
}

const titlesIn = (text: string): string[] => [...text.matchAll(HEADING)].map(([, title]) => title);

for (const name of ['233-blip-convert.ipynb', '233-blip-optimize.ipynb'])
  describe(name, () => {
    const exercises = cellsOf('notebooks', name).at(-1)?.source ?? '';
    const solutions = cellsOf('solutions', name);
    const titles = titlesIn(exercises);

    it('ends in numbered exercises, each with a mark, a folded hint and the expected result', () => {
      assert.match(exercises, /^## Exercises$/m);
      assert.ok(titles.length >= 5, titles.join());
      titles.forEach((title, index) => {
        assert.match(title, new RegExp(`^E${index + 1} .+ ★{1,3}$`));
        const start = exercises.indexOf(`### ${title}`);
        const end = index + 1 < titles.length ? exercises.indexOf(`### ${titles[index + 1]}`) : undefined;
        const text = exercises.slice(start, end);
        assert.match(text, /\?/, `${title}: asks nothing`);
        assert.match(text, /<details><summary>Hint<\/summary>\n\n[^<]+\n\n<\/details>/, `${title}: no hint`);
        assert.match(text, /^\*Expected:\* .{20}/m, `${title}: no expected result`);
      });
      assert.ok(exercises.includes(`(../solutions/${name})`), 'no link to the solutions');
    });

    it('has a solution of every exercise, under its title', () => {
      const prose = solutions.filter(({ type }) => type === 'markdown').map(({ source }) => source);
      assert.deepEqual(titlesIn(prose.join('\n\n')), titles);
    });

    it('solves each in a few lines, and checks what comes out', () => {
      for (const title of titles) {
        const at = solutions.findIndex(({ source }) => source.includes(`### ${title}`));
        const [solution, check, next] = solutions.slice(at + 1, at + 4);
        assert.equal(solution?.type, 'code', title);
        assert.ok(solution.source.split('\n').length <= MAX_LINES, `${title}: ${solution.source}`);
        assert.match(check?.source ?? '', /^assert\.|^const .*\nassert\./, `${title}: its check does not assert`);
        assert.notEqual(next?.type, 'code', `${title}: more than a solution and its check`);
      }
    });

    it('is saved as it ran, without paths of a machine', () => {
      const code = solutions.filter(({ type }) => type === 'code');
      code.forEach(({ count, outputs, source }, index) => {
        assert.equal(count, index + 1, `not run, or not in order:\n${source}`);
        assert.ok(outputs.length > 0 || index === 0, `shows nothing:\n${source}`);
        for (const output of outputs) assert.notEqual(output.name, 'stderr', JSON.stringify(output));
        assert.doesNotMatch(JSON.stringify(outputs), MACHINE_PATH);
      });
    });
  });
