// Notices the project's files that the reader edits while the kernel runs: the compiler hears of them before the next
// cell, and the next cell that imports from the project loads them again, with all that import them.
const fs = require('node:fs');
const path = require('node:path');
const { root, slashed } = require('./tslab-parts.cjs');

/** Files that the compiler reads: path to { stamp, tell }. */
const compiled = new Map();
/** Files that Node loaded: path to the stamp that they had then. */
const loaded = new Map();
/** Files with another content than when they were seen first, as the compiler writes their paths. */
const edited = new Set();
/** Those that changed after they were loaded, and of which the reader was told. */
const told = new Map();

const CHANGED = 1;
const DELETED = 2;
const CREATED = 0;

function isOfProject(file) {
  const relative = path.relative(root, file);
  return !relative.startsWith('..') && !path.isAbsolute(relative) && !relative.split(path.sep).includes('node_modules');
}

/** What changes when a file is saved; undefined when it is not there. */
function stampOf(file) {
  const stats = fs.statSync(file, { throwIfNoEntry: false });
  return stats && `${stats.mtimeMs} ${stats.size}`;
}

/** The compiler's way to watch a file. Operating systems report changes late; here each cell looks for itself. */
function watchFile(file, tell) {
  if (!isOfProject(file)) return { close() {} };
  const entry = { stamp: stampOf(file), tell };
  compiled.set(file, entry);
  return { close: () => compiled.get(file) === entry && compiled.delete(file) };
}

function editedFiles() {
  return edited;
}

/** Before a cell is compiled. */
function tellCompiler() {
  for (const [file, entry] of [...compiled]) {
    const stamp = stampOf(file);
    if (stamp === entry.stamp) continue;
    const kind = stamp === undefined ? DELETED : entry.stamp === undefined ? CREATED : CHANGED;
    entry.stamp = stamp;
    if (stamp === undefined) edited.delete(file);
    else edited.add(file);
    entry.tell(file, kind);
  }
}

/** After a cell ran: remembers what it loaded. */
function rememberLoaded() {
  for (const file of Object.keys(require.cache))
    if (!loaded.has(file) && isOfProject(file) && !isOfKernel(file)) loaded.set(file, stampOf(file));
}

function isOfKernel(file) {
  return path.dirname(file) === __dirname;
}

function changedSinceLoaded() {
  const changed = [];
  for (const [file, stamp] of loaded) if (stampOf(file) !== stamp) changed.push(file);
  return changed;
}

/**
 * Before a cell runs. One that imports from the project gets what was edited; all others are told once that there is
 * something to import.
 * @param imports whether the cell imports a file of the project
 * @returns a note for the reader, if there is something to know
 */
function applyEdits(imports) {
  const changed = changedSinceLoaded();
  if (changed.length === 0) return undefined;
  const names = list(changed.map((file) => slashed(path.relative(root, file))));
  const were = changed.length === 1 ? 'was' : 'were';
  if (imports) {
    const count = unload(changed);
    for (const file of changed) told.delete(file);
    const others = count > changed.length ? `, with ${count - changed.length} that import it` : '';
    return `${names} ${were} edited and loaded again${others}. Values made before keep the old code.`;
  }
  const news = changed.filter((file) => told.get(file) !== stampOf(file));
  if (news.length === 0) return undefined;
  for (const file of news) told.set(file, stampOf(file));
  return `${names} ${were} edited. Cells use the old code until you run the cell with the import again.`;
}

/** At most three names. */
function list(names) {
  return names.length <= 3 ? names.join(', ') : `${names.slice(0, 2).join(', ')} and ${names.length - 2} more files`;
}

/** Forgets files and all files that import them, so that the next import loads them again. */
function unload(files) {
  const importers = new Map();
  for (const module of Object.values(require.cache))
    for (const child of module?.children ?? []) {
      if (!importers.has(child.id)) importers.set(child.id, new Set());
      importers.get(child.id).add(module.id);
    }
  const gone = new Set();
  const queue = [...files];
  for (let file = queue.pop(); file !== undefined; file = queue.pop()) {
    if (gone.has(file) || !isOfProject(file) || isOfKernel(file)) continue;
    gone.add(file);
    queue.push(...(importers.get(file) ?? []));
  }
  for (const file of gone) {
    delete require.cache[file];
    loaded.delete(file);
  }
  return gone.size;
}

module.exports = { applyEdits, editedFiles, rememberLoaded, tellCompiler, watchFile };
