// Notebooks made for a test, and what a run left in them.
import * as fs from 'node:fs';

/** What tests look at in an executed notebook. */
export interface SavedNotebook {
  readonly metadata: {
    readonly incomplete?: {
      readonly status: string;
      readonly cells: number;
      readonly of: number;
      readonly at: string;
    };
  };
  readonly cells: readonly {
    readonly execution_count: number | null;
    /** Of code cells. */
    readonly outputs?: readonly { readonly text?: readonly string[]; readonly name?: string }[];
  }[];
}

/** One markdown cell with the heading "A title", then a code cell for each text. */
export function writeNotebook(file: string, cells: readonly string[]): string {
  const code = cells.map((source, i) => ({
    id: `c${i}`,
    cell_type: 'code',
    metadata: {},
    execution_count: null,
    outputs: [],
    source,
  }));
  const title = { id: 'title', cell_type: 'markdown', metadata: {}, source: '# A title' };
  fs.writeFileSync(file, JSON.stringify({ nbformat: 4, nbformat_minor: 5, metadata: {}, cells: [title, ...code] }));
  return file;
}

export function readNotebook(file: string): SavedNotebook | undefined {
  return fs.existsSync(file) ? JSON.parse(fs.readFileSync(file, 'utf8')) : undefined;
}

/** The texts that each code cell printed. */
export function printedBy(notebook: SavedNotebook | undefined): string[][] {
  return (notebook?.cells ?? []).slice(1).map(({ outputs = [] }) => outputs.map(({ text }) => (text ?? []).join('')));
}
