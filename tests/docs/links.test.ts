// Links of the project's documents, notebooks and solutions: relative ones lead to a file and to a heading in it,
// external ones are addresses. Nothing is fetched.
import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import * as path from 'node:path';
import { test } from 'node:test';
import { isRecord } from '../../lib/core/is-record';
import { projectRoot } from '../project-root';

const FOLDERS = [
  '',
  'docs',
  'docs/decisions',
  'benchmarks',
  'training',
  'data',
  'models/blip-scenes',
  'models/blip-scenes-itm',
  'notebooks',
  'solutions',
];
const DOCUMENTS = FOLDERS.flatMap((folder) =>
  fs
    .readdirSync(path.join(projectRoot(), folder))
    .filter((name) => /\.(md|ipynb)$/.test(name))
    .map((name) => path.posix.join(folder, name)),
);
const LINK = /\]\(([^)\s]+)[^)]*\)|(?:src|href)="([^"]*)"/g;

/** A document's text without code; of a notebook, its prose. */
function readProse(file: string): string {
  const text = fs.readFileSync(path.join(projectRoot(), file), 'utf8');
  return (file.endsWith('.ipynb') ? proseOf(JSON.parse(text)) : text)
    .replace(/^```.*?^```/gms, '')
    .replace(/`[^`\n]*`/g, (code) => code.replace(/[[\]]/g, ''));
}

function proseOf(notebook: unknown): string {
  assert.ok(isRecord(notebook) && Array.isArray(notebook.cells));
  return notebook.cells
    .filter(isRecord)
    .filter(({ cell_type }) => cell_type === 'markdown')
    .map(({ source }) => (Array.isArray(source) ? source.join('') : String(source)))
    .join('\n\n');
}

/** The anchors of a document's headings: GitHub's way for Markdown, Jupyter's for notebooks. */
function anchorsOf(file: string): Set<string> {
  const seen = new Map<string, number>();
  const anchors = [...readProse(file).matchAll(/^#{1,6} (.+?)\s*$/gm)].map(([, heading]) => {
    const plain = heading.replace(/\[([^\]]*)\]\([^)]*\)/g, '$1');
    if (file.endsWith('.ipynb')) return plain.replaceAll(' ', '-');
    const anchor = plain
      .toLowerCase()
      .replace(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-');
    const times = seen.get(anchor) ?? 0;
    seen.set(anchor, times + 1);
    return times === 0 ? anchor : `${anchor}-${times}`;
  });
  return new Set(anchors);
}

/** What is wrong with a link, or undefined. */
function problemOf(document: string, target: string): string | undefined {
  if (/^attachment:/.test(target)) return undefined; // tests/notebook/markdown.test.ts looks for it
  if (/^[a-z][a-z+.-]*:/i.test(target)) {
    if (!URL.canParse(target) || !/^(https?|mailto):$/.test(new URL(target).protocol)) return 'is no address';
    return /[{}<>]|%7B|example\.(com|org)/i.test(target) ? 'is an example' : undefined;
  }
  const [name, anchor] = decodeURIComponent(target).split('#');
  const file = name === '' ? document : path.posix.join(path.posix.dirname(document), name);
  if (file.startsWith('..')) return 'leads out of the project';
  if (!fs.existsSync(path.join(projectRoot(), file))) return 'does not exist';
  if (anchor === undefined || !/\.(md|ipynb)$/.test(file)) return undefined;
  return anchorsOf(file).has(anchor) ? undefined : `has no heading with the anchor "${anchor}"`;
}

test('links in documents, notebooks and solutions lead to files and headings', () => {
  const problems: string[] = [];
  let links = 0;
  for (const document of DOCUMENTS)
    for (const [, inText, inTag] of readProse(document).matchAll(LINK)) {
      const target = inText ?? inTag ?? '';
      links++;
      const problem = target === '' ? 'is empty' : problemOf(document, target);
      if (problem) problems.push(`${document}: ${target} ${problem}`);
    }
  assert.deepEqual(problems, []);
  assert.ok(links > 100, `${links} links were found`);
});

test('a link that is wrong is found', () => {
  for (const [document, target, problem] of [
    ['README.md', 'docs/none.md', /does not exist/],
    ['docs/hub.md', '../../x', /out of the project/],
    ['docs/hub.md', '#no-such-heading', /no heading/],
    ['notebooks/233-blip-convert.ipynb', '233-blip-optimize.ipynb#Nothing', /no heading/],
    ['README.md', 'https://', /no address/],
    ['README.md', 'javascript:alert(1)', /no address/],
  ] as const)
    assert.match(problemOf(document, target) ?? '', problem, target);
  assert.equal(problemOf('docs/hub.md', '#environment-variables'), undefined);
  assert.equal(problemOf('docs/hub.md', '../README.md#two-commands'), undefined);
});
