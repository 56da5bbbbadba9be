// Writes a run's tables into the documentation, between marks: all of them into benchmarks/README.md, apart for each
// instruction set; the most important ones into README.md, and the cost of many images into docs/scale.md.
import * as fs from 'node:fs';
import * as path from 'node:path';
import { costTable } from './report-cost';
import { speedTable } from './report-speed';
import { writeResults } from './results-file';
import { reportOf, type Results } from './write-report';

/** Where the tables of an instruction set that has none yet go: before this. */
const AFTER_TABLES = '## What limits each stage';
const BASE = 'blip-base';
/** Of a line of prose; tables are left as they are. */
const COLUMNS = 120;

/** @returns the files that were written */
export function writeDocs(folder: string, results: Results): string[] {
  const root = path.dirname(folder);
  const name = results.limitedTo ?? results.instruction_set ?? 'unknown';
  const file = path.join(folder, 'results', `${results.date}-${name}.json`);
  writeResults(file, results);
  const readme = path.join(folder, 'README.md');
  const text = fs.readFileSync(readme, 'utf8');
  fs.writeFileSync(readme, replaceSection(withSection(text, name), `results with ${name}`, reportOf(results)));
  const written = [file, readme];
  const base = results.models.find(({ checkpoint }) => path.basename(checkpoint) === BASE);
  if (!base) return written;
  const parts: [file: string, section: string, text: string | undefined][] = [
    [path.join(root, 'README.md'), 'speed', speedTable(results, base)],
    [path.join(root, 'docs', 'scale.md'), 'cost', costTable(results, base, path.basename(file))],
  ];
  for (const [target, section, table] of parts) {
    if (table === undefined) continue;
    fs.writeFileSync(target, replaceSection(fs.readFileSync(target, 'utf8'), section, table));
    written.push(target);
  }
  return written;
}

/** @throws {RangeError} when the marks are missing */
export function replaceSection(text: string, section: string, content: string): string {
  const [start, end] = marks(section);
  const [begin, stop] = [text.indexOf(start), text.indexOf(end)];
  if (begin < 0 || stop < begin)
    throw new RangeError(`expected the lines ${start} and ${end}, between which the tables go.`);
  return `${text.slice(0, begin)}${start}\n\n${wrapProse(content.trim())}\n\n${text.slice(stop)}`;
}

/** Breaks the lines of prose between words. */
function wrapProse(content: string): string {
  const wrap = (line: string): string => {
    const lines = [''];
    for (const word of line.split(' ')) {
      const last = lines.length - 1;
      if (lines[last] !== '' && lines[last].length + 1 + word.length > COLUMNS) lines.push(word);
      else lines[last] += lines[last] === '' ? word : ` ${word}`;
    }
    return lines.join('\n');
  };
  return content
    .split('\n')
    .map((line) => (/^[|#<]/.test(line) ? line : wrap(line)))
    .join('\n');
}

function marks(section: string): [string, string] {
  return [`<!-- ${section}: begin -->`, `<!-- ${section}: end -->`];
}

/** Adds empty marks with a heading where the instruction set has none. */
function withSection(text: string, name: string): string {
  const [start, end] = marks(`results with ${name}`);
  if (text.includes(start)) return text;
  const place = text.indexOf(AFTER_TABLES);
  if (place < 0) throw new RangeError(`expected the heading "${AFTER_TABLES}", before which the tables go.`);
  return `${text.slice(0, place)}## With ${name}\n\n${start}\n\n${end}\n\n${text.slice(place)}`;
}
