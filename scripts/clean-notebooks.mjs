// npm run clean-notebooks: writes both notebooks without prose and outputs into a folder, output/clean-notebooks or the
// one that is named. They are made from notebooks/ each time, and run where they lie.
import * as fs from 'node:fs';
import * as path from 'node:path';
import { cleanNotebook } from './clean-notebook.mjs';
import { ROOT } from './common.mjs';
import { NOTEBOOKS } from './notebooks.mjs';

const folder = path.resolve(process.argv[2] ?? path.join(ROOT, 'output', 'clean-notebooks'));
if (folder === path.join(ROOT, 'notebooks')) {
  console.error(`${folder} holds the notebooks themselves: name another folder.`);
  process.exit(1);
}
fs.mkdirSync(folder, { recursive: true });
for (const name of NOTEBOOKS) {
  const notebook = JSON.parse(fs.readFileSync(path.join(ROOT, 'notebooks', name), 'utf8'));
  const file = path.join(folder, name);
  fs.writeFileSync(`${file}.tmp`, `${JSON.stringify(cleanNotebook(notebook), null, 1)}\n`);
  fs.renameSync(`${file}.tmp`, file);
  console.log(file);
}
