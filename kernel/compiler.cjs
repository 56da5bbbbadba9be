// The compiler behind the cells. tslab reads no tsconfig and checks loosely; it checks and translates all of lib again
// for each cell that imports it, though lib is loaded by tsx; it keeps no source map, so errors have no lines; and it
// breaks for good when a watched folder changes under it.
const { SourceMap } = require('node:module');
const { cellFile, declarationsFile, typescriptPath } = require('./tslab-parts.cjs');
const { cellDiagnostics } = require('./diagnostics.cjs');
const { editedFiles, watchFile } = require('./edited-files.cjs');
const { makeTransformer } = require('./transform-cell.cjs');

const OPTIONS = {
  strict: true,
  skipLibCheck: true,
  resolveJsonModule: true,
  lib: ['lib.es2023.d.ts'],
  types: ['node'],
  sourceMap: true,
  disableTopLevelAwait: false, // every cell is an async function: TypeScript's own rules for modules hold
};
/** tslab puts `export {};` before a cell, on a line of its own. */
const LINES_BEFORE_CELL = 1;

/** The maps of the cell that was compiled last, in the order of the two steps: without types, then as CommonJS. */
const maps = [];

/** Puts itself between tslab and its compiler; to be called before tslab is loaded. */
function mendCompiler() {
  const ts = require(typescriptPath);
  ts.sys.watchDirectory = () => ({ close() {} });
  ts.sys.watchFile = watchFile;
  require.cache[typescriptPath].exports = {
    ...ts,
    createWatchCompilerHost(files, options, sys, _createProgram, ...rest) {
      mendTimers(sys);
      const create = (...args) => mendBuilder(ts, ts.createEmitAndSemanticDiagnosticsBuilderProgram(...args));
      return ts.createWatchCompilerHost(files, { ...options, ...OPTIONS }, sys, create, ...rest);
    },
    getPreEmitDiagnosticsOfFiles(program, files) {
      return cellDiagnostics(ts, program.getSourceFile(cellFile), ts.getPreEmitDiagnosticsOfFiles(program, files));
    },
    transpileModule(code, { compilerOptions, ...options }) {
      const done = ts.transpileModule(code, { ...options, compilerOptions: { ...compilerOptions, sourceMap: true } });
      maps[1] = new SourceMap(JSON.parse(done.sourceMapText));
      return done;
    },
  };
}

/**
 * Only the cell, modules made of cells, and files that the reader edited are checked; only the first two translated.
 */
function mendBuilder(ts, builder) {
  const { emit, getAllDependencies } = builder;
  const matters = (file) => file === cellFile || !ts.sys.fileExists(file) || editedFiles().has(file);
  builder.getAllDependencies = (file) => getAllDependencies.call(builder, file).filter(matters);
  builder.emit = (file, write, token, only, transformers) => {
    const keepMap = (name, data, ...rest) => {
      if (name.endsWith('__tslab__.js.map')) maps[0] = new SourceMap(JSON.parse(data));
      write(name, data, ...rest);
    };
    const program = builder.getProgram();
    const before = [makeTransformer(ts, program.getTypeChecker(), program.getSourceFile(declarationsFile))];
    return emit.call(builder, file, keepMap, token, only, { ...transformers, before });
  };
  return builder;
}

/**
 * Where a place in the compiled cell stands in its source. Lines and columns count from 0 on both sides.
 * @returns a function of line and column; it gives undefined for what has no source
 */
function takeMap() {
  const [typed, commonJS] = maps;
  return (line, column) => {
    const between = commonJS?.findEntry(line, column);
    if (between?.originalLine === undefined) return undefined;
    const { originalLine, originalColumn } = typed.findEntry(between.originalLine, between.originalColumn);
    if (originalLine === undefined || originalLine < LINES_BEFORE_CELL) return undefined;
    return { line: originalLine - LINES_BEFORE_CELL, column: originalColumn };
  };
}

/**
 * tslab has room for one timer of the compiler: the one that checks a cell. When a file of lib or node_modules changes,
 * the compiler sets a second one, and tslab refuses every cell from then on. That one can go: each cell looks for
 * changed files anyway.
 */
function mendTimers(sys) {
  const { setTimeout, clearTimeout } = sys;
  const ignored = {};
  sys.setTimeout = (callback, ...rest) => {
    if (callback.name === 'invalidateResolutionsOfFailedLookup') return ignored;
    return setTimeout(
      () => {
        try {
          callback();
        } catch (error) {
          console.error(error);
        }
      },
      ...rest,
    );
  };
  sys.clearTimeout = (timer) => {
    if (timer !== ignored) clearTimeout(timer);
  };
}

module.exports = { mendCompiler, takeMap };
