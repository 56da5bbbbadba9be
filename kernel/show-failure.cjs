// What a failed cell shows: the message, where it came from, and the cell's own line with a mark below the place.
const fs = require('node:fs');
const path = require('node:path');
const {
  inspect,
  types: { isNativeError },
} = require('node:util');
const { joinMissingNames } = require('./diagnostics.cjs');
const { cellPlaces, cellSource } = require('./stack-traces.cjs');
const { root } = require('./tslab-parts.cjs');

const MAX_DIAGNOSTICS = 10;
/** Longer lines are cut around the place. */
const MAX_COLUMNS = 110;
const LINES_BEFORE = 1;
/** Class of the errors whose message says what was wrong and what to do. */
const EXPLAINED = 'BlipError';
/** Calls of such an error that are shown. */
const MAX_FRAMES = 3;
const FRAME = '\n    at ';
/** Letters from here on are mostly wide ones. */
const FIRST_WIDE = 0x1100;

const INTERRUPTED = {
  ename: 'Interrupted',
  evalue: 'The cell was interrupted.',
  traceback: ['Interrupted. The files that this project wrote are whole: run the cell again to start it over.'],
};

/**
 * An exception of a running cell.
 * @param statement the place of the statement that ran, for errors that do not know where they come from
 * @returns the content of Jupyter's `error` message
 */
function describeException(thrown, number, statement) {
  const isError = isNativeError(thrown) || thrown instanceof Error;
  const text = isError ? textOf(thrown) : `Thrown, and not an Error: ${inspect(thrown)}`;
  return {
    ename: isError ? thrown.name : typeof thrown,
    evalue: isError ? relative(String(thrown.message)) : inspect(thrown),
    traceback: [text, ...excerptsOf(thrown, number, statement)].flatMap((part, i) => (i === 0 ? [part] : ['', part])),
  };
}

/**
 * When running a cell or showing its failure failed itself: an error whose own code throws, a fault of the compiler.
 */
function describeFault(error) {
  const evalue = 'The kernel could not run this cell, or not show how it failed.';
  let text = '';
  try {
    text = relative(String(error?.stack ?? error));
  } catch {
    // what cannot be shown stays unknown
  }
  return { ename: 'KernelError', evalue, traceback: [evalue, text] };
}

/** An exception that no cell waits for: in a timer, or of a promise that nobody awaits. */
function describeLost(what, thrown) {
  return [`${what}: ${textOf(thrown)}`, ...excerptsOf(thrown)].join('\n\n');
}

/**
 * With its properties and causes, but for errors that the library explains: their message says it all. Paths of the
 * project start at its folder, which is where cells run.
 */
function textOf(thrown) {
  if (isExplained(thrown) && !process.env.BLIP_DEBUG) return relative(shortStack(thrown));
  // Node says which file wanted a module: for a cell a file that does not exist.
  const text = thrown instanceof Error && thrown.code === 'MODULE_NOT_FOUND' ? thrown.stack : inspect(thrown);
  return relative(text);
}

/** Whether it descends from lib's BlipError, of whichever copy of lib. */
function isExplained(thrown) {
  if (!(thrown instanceof Error)) return false;
  for (let at = Object.getPrototypeOf(thrown); at; at = Object.getPrototypeOf(at))
    if (at.constructor?.name === EXPLAINED) return true;
  return false;
}

/** The message and the innermost calls. */
function shortStack(error) {
  const [head, ...frames] = String(error.stack).split(FRAME);
  const more = frames.length - MAX_FRAMES;
  const shown = [head, ...frames.slice(0, MAX_FRAMES)].join(FRAME);
  return more > 0 || error.cause !== undefined ? `${shown}\n    (BLIP_DEBUG=1 shows more)` : shown;
}

function relative(text) {
  return text.replaceAll(`${root}${path.sep}`, '').replace(/\nRequire stack:\n- src\.js(?=\n|$)/, '');
}

/** The place where it was thrown, and the line of the running cell that led there. */
function excerptsOf(thrown, number, statement) {
  const places = cellPlaces(thrown);
  const own = places.findLast((place) => place.number === number && !place.isNamed) ?? statement;
  const shown = [places[0], own].filter((place) => place !== undefined);
  return shown
    .filter(({ number, line }, i) => shown.findIndex((at) => at.number === number && at.line === line) === i)
    .map((place) => {
      const source = cellSource(place.number) ?? '';
      return `cell [${place.number}], line ${place.line + 1}:\n${excerpt(source, place.line, place.column, 1)}`;
    });
}

/** What the compiler has to say about a cell that does not run. `all` are those of tslab's converter. */
function describeDiagnostics(all, source) {
  const diagnostics = joinMissingNames(all);
  const shown = diagnostics.slice(0, MAX_DIAGNOSTICS);
  const lines = shown.flatMap((found, i) => {
    const { fileName, start, end, messageText } = found;
    const head = `${fileName ? `${fileName} ` : ''}${start.line + 1}:${start.character + 1} - ${messageText}`;
    const next = shown[i + 1]; // an explanation of this one has the same place
    if (next && next.start.offset === start.offset && next.fileName === fileName) return [head];
    const text = fileName ? readOrEmpty(path.join(root, fileName)) : source;
    const length = end.line === start.line ? end.character - start.character : Number.POSITIVE_INFINITY;
    return [`${head}\n${excerpt(text, start.line, start.character, length)}`];
  });
  if (diagnostics.length > shown.length) lines.push(`and ${diagnostics.length - shown.length} more`);
  return { ename: 'TypeScriptError', evalue: lines[0].split('\n')[0], traceback: lines };
}

function readOrEmpty(file) {
  try {
    return fs.readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}

/**
 * A line of the source with its number, the line before it, and marks below `length` characters from `column`. Lines
 * and columns count from 0.
 */
function excerpt(source, line, column, length) {
  const lines = source.split(/\r?\n/);
  if (line >= lines.length) return '';
  const width = String(line + 1).length;
  const cut = lines[line].length > MAX_COLUMNS ? Math.max(0, column - Math.floor(MAX_COLUMNS / 2)) : 0;
  const shorten = (text) => text.slice(cut, cut + MAX_COLUMNS).trimEnd();
  const numbered = (at, mark) => `${mark} ${String(at + 1).padStart(width)} | ${shorten(lines[at])}`.trimEnd();
  const before = lines.slice(Math.max(0, line - LINES_BEFORE), line).map((_, i, all) => line - all.length + i);
  const marks = Math.max(1, Math.min(length, shorten(lines[line]).length + cut - column));
  const indent = [...lines[line].slice(cut, column)].map(blankFor).join('');
  return [
    ...before.filter((at) => lines[at].trim() !== '').map((at) => numbered(at, ' ')),
    numbered(line, '>'),
    `  ${' '.repeat(width)} | ${indent}${'^'.repeat(marks)}`,
  ].join('\n');
}

/** As wide as a letter is shown: emoji and East Asian letters take two columns. */
function blankFor(letter) {
  if (letter === '\t') return letter;
  return letter.codePointAt(0) >= FIRST_WIDE ? '  ' : ' ';
}

module.exports = { INTERRUPTED, describeDiagnostics, describeException, describeFault, describeLost };
