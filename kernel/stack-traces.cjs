// Stack traces in the reader's own terms: cells by their number and line, the project's files by their path in it; no
// frames of the kernel, of Node and of packages.
const { findSourceMap } = require('node:module');
const path = require('node:path');
const { fileURLToPath } = require('node:url');
const { root, slashed } = require('./tslab-parts.cjs');

/** Deep enough that a failure inside lib still names the cell's line. */
const FRAMES = 50;
/** So many equal frames are shown in a row. */
const REPEATS = 3;

/** Cells that ran: name in stack traces to { number, source, locate }. */
const cells = new Map();
/** Where in cells an error came from, the innermost first. */
const placesOf = new WeakMap();

function mendStackTraces() {
  process.setSourceMapsEnabled(true); // for the files that tsx loads
  Error.stackTraceLimit = FRAMES;
  Error.prepareStackTrace = (error, sites) => {
    const frames = sites.map(describe);
    const places = frames.flatMap(({ place }) => (place ? [place] : []));
    if (places.length > 0) placesOf.set(error, places);
    const last = frames.findLastIndex(({ known }) => known);
    const shown = frames.slice(0, last + 1).flatMap(({ text }) => text ?? []);
    return [headOf(error), ...withoutRepeats(shown)].join('\n    at ');
  };
}

/** Calls of a function by itself, all but the first ones. */
function withoutRepeats(frames) {
  return frames.filter((text, i) => !frames.slice(i - REPEATS, i).every((before) => before === text) || i < REPEATS);
}

/** As Error.prototype.toString, for whatever an error may have become. */
function headOf(error) {
  try {
    return Error.prototype.toString.call(error);
  } catch {
    return '<error>';
  }
}

/**
 * @param locate from a compiled line and column to those of the source, all counted from 0; see compiler.cjs
 * @returns the name under which the cell's code is to be run
 */
function addCell(number, source, locate) {
  const name = `cell [${number}]`;
  cells.set(name, { number, source, locate });
  return name;
}

/** A frame: its text, if it is to be shown; whether it is the reader's; its place, if that is in a cell. */
function describe(site) {
  const file = site.getFileName();
  const text = String(site);
  if (!file) return { text }; // native: Promise.all, JSON.parse
  const [line, column] = [site.getLineNumber() - 1, site.getColumnNumber() - 1];
  const cell = cells.get(file);
  if (cell) {
    const found = cell.locate(line, column);
    if (!found) return {};
    const place = { number: cell.number, ...found, isNamed: site.getFunctionName() !== null };
    return { known: true, place, text: replaced(text, site, `${file}:${found.line + 1}:${found.column + 1}`) };
  }
  const origin = originOf(file, line, column);
  return origin ? { known: true, text: replaced(text, site, origin) } : {};
}

/** V8's words for a frame, with another place. */
function replaced(text, site, place) {
  // Names of lib belong to the object that `import` gave.
  const spoken = text.replace(/^(async )?(Object|Proxy)\./, '$1');
  return spoken.replace(`${site.getFileName()}:${site.getLineNumber()}:${site.getColumnNumber()}`, () => place);
}

function originOf(name, line, column) {
  if (name.startsWith('node:')) return undefined;
  const file = name.startsWith('file:') ? fileURLToPath(name) : name;
  const relative = path.relative(root, file);
  const folders = slashed(relative).split('/');
  if (folders.includes('node_modules') || folders[0] === 'kernel' || !path.isAbsolute(file)) return undefined;
  const entry = findSourceMap(file)?.findEntry(line, column);
  const at = entry?.originalLine === undefined ? [line, column] : [entry.originalLine, entry.originalColumn];
  const shown = folders[0] === '..' || path.isAbsolute(relative) ? path.basename(file) : slashed(relative);
  return `${shown}:${at[0] + 1}:${at[1] + 1}`;
}

/** Where in cells an error came from, the innermost first. */
function cellPlaces(error) {
  if (!(error instanceof Error)) return [];
  void error.stack; // it is written when it is read first
  return placesOf.get(error) ?? [];
}

/** The source of a cell that ran. */
function cellSource(number) {
  return cells.get(`cell [${number}]`)?.source;
}

module.exports = { addCell, cellPlaces, cellSource, mendStackTraces };
