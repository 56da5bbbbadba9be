// The notebooks as they are read: cells that fit on a screen, code that the kernel's compiler accepts, and something
// shown by each.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import * as fs from 'node:fs';
import * as path from 'node:path';
import { describe, it } from 'node:test';
import { isRecord } from '../../lib/core/is-record';
import { projectRoot } from '../project-root';

const NOTEBOOKS = ['233-blip-convert', '233-blip-optimize'];
const MAX_LINES = 15;
const MAX_COLUMNS = 100;

interface Cell {
  readonly type: string;
  readonly source: string;
  readonly outputs: number;
}

function cellsOf(name: string, folder = 'notebooks'): Cell[] {
  const json: unknown = JSON.parse(fs.readFileSync(path.join(projectRoot(), folder, `${name}.ipynb`), 'utf8'));
  assert.ok(isRecord(json) && Array.isArray(json.cells));
  return json.cells.filter(isRecord).map(({ cell_type, source, outputs }) => ({
    type: String(cell_type),
    source: Array.isArray(source) ? source.join('') : String(source),
    outputs: Array.isArray(outputs) ? outputs.length : 0,
  }));
}

for (const name of NOTEBOOKS)
  describe(name, () => {
    const cells = cellsOf(name);
    const code = cells.filter(({ type }) => type === 'code');

    it('has short cells, each with something to show', () => {
      for (const { source, outputs } of code) {
        const lines = source.split('\n');
        assert.ok(lines.length <= MAX_LINES, `${lines.length} lines:\n${source}`);
        assert.ok(
          lines.every((line) => line.length <= MAX_COLUMNS),
          source,
        );
        assert.ok(outputs > 0, `shows nothing:\n${source}`);
      }
    });

    it('has about as much prose as code', () => {
      const prose = cells.length - code.length;
      assert.ok(prose >= code.length && prose <= 2 * code.length, `${prose} cells of prose, ${code.length} of code`);
    });

    it("is accepted by the kernel's compiler, strictly", () => {
      compile(name, scriptOf(code));
    });

    it('takes each solution as it stands, pasted below its last cell', () => {
      const solutions = cellsOf(name, 'solutions');
      const first = solutions.findIndex(({ source }) => /^### E1 /m.test(source));
      const pasted = solutions.slice(first).filter(({ type }) => type === 'code');
      assert.ok(pasted.length >= 10);
      // Each exercise is a block: names of one are not those of the next
      const blocks = solutions.slice(first).map(({ type, source }) => (type === 'code' ? source : '}\n{'));
      const own = { type: 'code', outputs: 1, source: ['{', ...blocks, '}'].join('\n') };
      const strict = { type: 'code', outputs: 0, source: "import { strict as assert } from 'node:assert';" };
      compile(`${name}-solutions`, scriptOf([...code, strict, own]));
    });
  });

/** Cells as one script: imports first, the rest in a function that may wait. */
function scriptOf(cells: readonly Cell[]): string {
  const lines = cells.flatMap(({ source }) => source.split('\n'));
  const isImport = (line: string): boolean => line.startsWith('import ');
  return [
    ...new Set(lines.filter(isImport)),
    'async function cells(): Promise<void> {',
    ...lines.filter((line) => !isImport(line)),
    '}',
    'void cells;',
  ].join('\n');
}

/** @throws {AssertionError} with what the kernel's compiler says */
function compile(name: string, script: string): void {
  const file = path.join(projectRoot(), `.${name}.check.ts`); // beside lib, as cells are
  const project = path.join(projectRoot(), `.${name}.check.json`);
  const options = {
    extends: './tsconfig.json',
    compilerOptions: { noUnusedLocals: false },
    files: [file],
    include: [],
  };
  try {
    fs.writeFileSync(file, script);
    fs.writeFileSync(project, JSON.stringify(options));
    const compiler = require.resolve('@tslab/typescript-for-tslab/lib/tsc.js');
    execFileSync(process.execPath, [compiler, '--noEmit', '-p', project], { encoding: 'utf8', stdio: 'pipe' });
  } catch (error) {
    const printed = isRecord(error) ? `${String(error.stdout)}${String(error.stderr)}` : '';
    assert.fail(`${String(error)}\n${printed}`);
  } finally {
    for (const each of [file, project]) fs.rmSync(each, { force: true });
  }
}
