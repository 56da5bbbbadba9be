// A notebook without its prose and outputs, for doing it again: headings, code and the exercises' tasks stay.

/** The exercises: their tasks are kept, without hints and results. */
const EXERCISES = /^## Exercises$/m;
const HEADING = /^#{1,6} .+$/gm;

/**
 * @param notebook what a .ipynb file holds, parsed; not changed
 * @returns the notebook with headings alone in its markdown cells, and code cells as they are before a run
 */
export function cleanNotebook(notebook) {
  const cells = notebook.cells.flatMap((cell) => {
    const { cell_type, id, metadata } = cell;
    const text = Array.isArray(cell.source) ? cell.source.join('') : cell.source;
    if (cell_type === 'code')
      return [{ cell_type, execution_count: null, id, metadata, outputs: [], source: cell.source }];
    if (cell_type !== 'markdown') return [];
    const kept = EXERCISES.test(text) ? tasksOf(text) : (text.match(HEADING) ?? []).join('\n\n');
    // Attachments go with the prose that shows them.
    return kept === '' ? [] : [{ cell_type, id, metadata, source: linesOf(kept) }];
  });
  return { ...notebook, cells };
}

/** Each exercise's heading and task: what stands between the heading and its hint. */
function tasksOf(text) {
  const [first, ...exercises] = text.split(/^(?=### )/m);
  const tasks = exercises.map((exercise) => exercise.split(/^<details>|^\*Expected:/m)[0].trim());
  return [first.match(HEADING)?.join('\n\n') ?? '', ...tasks].join('\n\n');
}

/** As notebooks store text. */
function linesOf(text) {
  return text.split(/(?<=\n)/);
}
