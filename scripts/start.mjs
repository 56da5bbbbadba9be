// npm start: runs the notebooks from top to bottom and prints what came out.
import * as fs from 'node:fs';
import * as path from 'node:path';
import { ROOT } from './common.mjs';
import { NOTEBOOKS, executeNotebooks } from './notebooks.mjs';
import { setup } from './setup.mjs';

await setup();
const save = process.argv.includes('--save');
const folder = save ? path.join(ROOT, 'notebooks') : path.join(ROOT, 'output', 'notebooks');
console.log(
  `Running ${NOTEBOOKS.length} notebook${NOTEBOOKS.length === 1 ? '' : 's'} with ${process.env.BLIP_MODEL ?? 'the bundled model'}`,
);
const code = await executeNotebooks(folder);
if (code !== 0) process.exit(code);

const results = path.join(ROOT, 'output', 'results');
const read = (name) =>
  fs.existsSync(path.join(results, `${name}.json`))
    ? JSON.parse(fs.readFileSync(path.join(results, `${name}.json`), 'utf8'))
    : undefined;
const first = read('convert');
if (first) {
  console.log(`\n${first.model} on ${first.device}, ${first.precision}`);
  console.log(`  caption   ${first.caption}   (${first.caption_ms.toFixed(1)} ms)`);
  console.log(`  question  ${first.question}`);
  console.log(`  answer    ${first.answer}   (${first.answer_ms.toFixed(1)} ms)`);
}
const second = NOTEBOOKS.length > 1 ? read('optimize') : undefined;
if (second) for (const line of second.summary) console.log(`  ${line}`);
console.log(`\nExecuted notebooks: ${path.relative(ROOT, folder)}. Step through them yourself: npm run lab`);
