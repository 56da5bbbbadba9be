// npm run licences: writes docs/licences.md, the licence of every package that the library or the notebooks install.
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { PYTHON, ROOT, fail, run } from './common.mjs';

/** Packages whose metadata names no licence; the text of the licence is in the package. */
const STATED_IN_TEXT = {
  'exif-parser': 'MIT',
  isoduration: 'ISC',
  ptyprocess: 'ISC',
};

const npm = npmPackages();
const python = await pythonPackages();
const table = (rows) =>
  ['| package | version | licence |', '|---|---|---|', ...rows.map((row) => `| ${row.join(' | ')} |`)].join('\n');
const text = `# Licences

Written by \`npm run licences\` from package-lock.json and requirements.txt, checked by
\`tests/scripts/licences.test.ts\`. The lists cover every system and Python version, so no single machine has all of
these packages. Licences are SPDX expressions.

LGPL-3.0-or-later is libvips, which sharp loads as a shared library; it may be replaced by another build of libvips.

## Users of the library

What \`npm install\` of the package brings, optional packages included.

${table(npm.filter(({ dev }) => !dev).map(({ row }) => row))}

## The notebooks and development

In addition, in this repository:

${table(npm.filter(({ dev }) => dev).map(({ row }) => row))}

## Python

In \`.venv\`: the notebooks, NNCF, and OpenVINO where openvino-node has no binary.

${table(python)}
`;
fs.writeFileSync(path.join(ROOT, 'docs', 'licences.md'), text);
console.log(`docs/licences.md: ${npm.length} npm packages, ${python.length} Python packages`);

/** @returns one entry per package and version of package-lock.json */
function npmPackages() {
  const { packages } = JSON.parse(fs.readFileSync(path.join(ROOT, 'package-lock.json'), 'utf8'));
  const found = new Map();
  for (const [place, { version, license, dev = false, link }] of Object.entries(packages)) {
    if (place === '' || link || version === undefined) continue;
    const name = place.slice(place.lastIndexOf('node_modules/') + 'node_modules/'.length);
    const key = `${name} ${version}`;
    const licence = (license ?? STATED_IN_TEXT[name] ?? 'unknown').replace(/^\((.*)\)$/, '$1');
    found.set(key, { row: [name, version, licence], dev: dev && (found.get(key)?.dev ?? true) });
  }
  return [...found.values()].sort((one, other) => (one.row.join() < other.row.join() ? -1 : 1));
}

/** What is not installed here, since it is another system's or Python version's, is downloaded to read its metadata. */
async function pythonPackages() {
  const lock = fs.readFileSync(path.join(ROOT, 'requirements.txt'), 'utf8');
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'blip-licences-'));
  try {
    const entries = [...lock.matchAll(/^([a-z0-9.-]+)==([\w.]+)/gm)].map(([, name, version]) => `${name}==${version}`);
    const reader = path.join(ROOT, 'scripts', 'read_licences.py');
    const { code, output } = await run(PYTHON, [reader, folder, ...entries], { capture: true });
    if (code !== 0) throw new Error(output.slice(-3000));
    const licences = JSON.parse(output.slice(output.lastIndexOf('\n{')));
    return entries.map((entry) => {
      const [name, version] = entry.split('==');
      return [name, version, licences[entry] ?? STATED_IN_TEXT[name] ?? 'unknown'];
    });
  } catch (error) {
    return fail(`The Python packages' licences could not be read: ${error.message}`);
  } finally {
    fs.rmSync(folder, { recursive: true, force: true });
  }
}
