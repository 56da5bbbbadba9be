// Copies an executed notebook for good: without the address of the demo, which is gone when its kernel ends.
import fs from 'node:fs';

/** What is shown in its place until the cell is run. */
const PLACEHOLDER = 'The demo opens here when you run this cell.';

/** @param {string} file an executed notebook @param {string} target where it is saved */
export function saveNotebook(file, target) {
  const notebook = JSON.parse(fs.readFileSync(file, 'utf8'));
  for (const { outputs = [] } of notebook.cells) for (const { data } of outputs) if (isDemo(data)) replaceDemo(data);
  fs.writeFileSync(target, `${JSON.stringify(notebook, null, 1)}\n`);
}

/** @param {Record<string, string | string[]> | undefined} data a MIME bundle */
function isDemo(data) {
  return [data?.['text/html'] ?? ''].flat().join('').includes(' data-token=');
}

/** @param {Record<string, string | string[]>} data a MIME bundle */
function replaceDemo(data) {
  data['text/plain'] = [PLACEHOLDER];
  data['text/html'] = [`<p>${PLACEHOLDER}</p>`];
}
