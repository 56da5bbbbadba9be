// Completion inside the quotes of an import: files of the project, packages that it depends on, modules of Node.
const fs = require('node:fs');
const { builtinModules } = require('node:module');
const path = require('node:path');
const { root, typescriptPath } = require('./tslab-parts.cjs');

/** What can be imported, by the end of its name, and how much of that end is written. */
const FILES = [
  [/\.d\.[cm]?ts$/, undefined],
  [/\.tsx?$/, ''],
  [/\.([cm]js|js|json)$/, '$&'],
];
const DEPENDENCIES = ['dependencies', 'devDependencies', 'optionalDependencies', 'peerDependencies'];
const MAX_MATCHES = 500;

/**
 * @param position in UTF-16 units
 * @returns `{ candidates, start, end }`: what may stand between start and end; undefined outside of such quotes
 */
function importCompletions(code, position) {
  const quoted = quotedAt(code, position);
  if (!quoted) return undefined;
  const written = code.slice(quoted.start, position);
  const isPath = /^\.{1,2}(\/|$)/.test(written);
  const cut = isPath ? written.lastIndexOf('/') + 1 : 0;
  const found = isPath ? filesBelow(written.slice(0, cut)) : packages(written);
  const typed = written.slice(cut);
  const rest = /^[\w@.-]*/.exec(code.slice(position))?.[0].length ?? 0;
  return {
    candidates: found.filter((name) => name.startsWith(typed)).slice(0, MAX_MATCHES),
    start: quoted.start + cut,
    end: position + rest,
  };
}

/** The quotes around a position, if they hold what is imported: `from '…'`, `import('…')`, `require('…')`. */
function quotedAt(code, position) {
  const ts = require(typescriptPath);
  const file = ts.createSourceFile('cell.ts', code, ts.ScriptTarget.ES2022, true);
  let found;
  const visit = (node) => {
    if (node.pos > position || node.end < position) return;
    const start = node.getStart(file) + 1;
    const isInside = position >= start && (position < node.end || node.isUnterminated);
    if (ts.isStringLiteralLike(node) && isInside && isImported(ts, node)) found = { start };
    ts.forEachChild(node, visit);
  };
  visit(file);
  return found;
}

function isImported(ts, { parent }) {
  if (ts.isImportDeclaration(parent) || ts.isExportDeclaration(parent) || ts.isExternalModuleReference(parent))
    return true;
  if (ts.isLiteralTypeNode(parent)) return ts.isImportTypeNode(parent.parent);
  if (!ts.isCallExpression(parent)) return false;
  const { expression } = parent;
  return (
    expression.kind === ts.SyntaxKind.ImportKeyword || (ts.isIdentifier(expression) && expression.text === 'require')
  );
}

/** Folders, with a slash, and files of a folder; cells see paths from the project's folder on. */
function filesBelow(folder) {
  if (folder === '') return ['./', '../'];
  return entriesOf(path.resolve(root, folder))
    .filter((entry) => !entry.name.startsWith('.') && entry.name !== 'node_modules')
    .flatMap((entry) => (entry.isDirectory() ? `${entry.name}/` : (importName(entry.name) ?? [])))
    .sort();
}

function importName(file) {
  const kind = FILES.find(([end]) => end.test(file));
  return kind?.[1] === undefined ? undefined : file.replace(kind[0], kind[1]);
}

function entriesOf(folder) {
  try {
    return fs.readdirSync(folder, { withFileTypes: true });
  } catch {
    return []; // no folder, or one that may not be read
  }
}

/** Names of packages and of Node's modules; behind the name of a package, what it exports besides. */
function packages(written) {
  const ofNode = builtinModules.filter((name) => !name.startsWith('_')).map((name) => `node:${name}`);
  const own = readJSON(path.join(root, 'package.json'));
  const names = DEPENDENCIES.flatMap((kind) => Object.keys(own[kind] ?? {}));
  const inside = names.filter((name) => written.startsWith(`${name}/`)).flatMap(exportsOf);
  return [...new Set([...names.sort(), ...inside, ...ofNode])];
}

function exportsOf(name) {
  const { exports: exported } = readJSON(path.join(root, 'node_modules', name, 'package.json'));
  if (typeof exported !== 'object' || exported === null) return [];
  const parts = Object.keys(exported).filter((key) => key.startsWith('./') && !key.includes('*'));
  return parts.map((key) => `${name}${key.slice(1)}`);
}

function readJSON(file) {
  try {
    return JSON.parse(fs.readFileSync(file, 'utf8'));
  } catch {
    return {};
  }
}

module.exports = { importCompletions };
