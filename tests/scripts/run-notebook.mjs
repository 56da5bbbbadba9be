// Executes one notebook as the start command does: run-notebook.mjs NOTEBOOK FOLDER. Ends with its exit code.
import * as path from 'node:path';
import { endProcess } from '../../scripts/common.mjs';
import { executeNotebooks } from '../../scripts/notebooks.mjs';

const [, , notebook, folder] = process.argv;
const { code } = await executeNotebooks(folder, {
  notebooks: [path.basename(notebook)],
  source: path.dirname(notebook),
});
endProcess(code);
