// Runs cells: compiles one with tslab's converter, runs it as an async function, and keeps what it declared for the
// next ones. A cell that fails or is interrupted keeps what the statements before that declared.
const vm = require('node:vm');
const { createConverter } = require('tslab/dist/converter.js');
const { createRequire } = require('tslab/dist/executor.js');
const { getCodeMetadata } = require('tslab/dist/metadata.js');
const { takeMap } = require('./compiler.cjs');
const { applyEdits, rememberLoaded, tellCompiler } = require('./edited-files.cjs');
const { INTERRUPTED, describeDiagnostics, describeException, describeFault } = require('./show-failure.cjs');
const { isInterruption, ownCodeStarts, runInterruptibly } = require('./interrupts.cjs');
const { makeModules } = require('./cell-modules.cjs');
const { START_STATEMENT, blankExports, isHoisted } = require('./transform-cell.cjs');
const { addCell } = require('./stack-traces.cjs');
const { root, typescriptPath } = require('./tslab-parts.cjs');

/** Compiled cells start below the line that makes them a function. */
const LINES_BEFORE_CODE = 1;
const NOT_STARTED = -1;

class Executor {
  #converter = createConverter({ isJS: false, isBrowser: false });
  #modules = makeModules(createRequire(root), root);
  /** The values of the names that cells declared, and the types of these names as TypeScript declarations. */
  #values = {};
  #types = '';
  /** What a failed cell leaves is found out when it is needed: the failure is shown at once. */
  #findTypes;

  /**
   * @param sent when the cell was sent
   * @returns what went wrong as the content of Jupyter's `error` message; undefined when nothing did
   */
  async execute(source, number, sent) {
    try {
      return await runInterruptibly(
        () => this.#run(source, number),
        () => {
          this.#abandoned?.();
          return INTERRUPTED;
        },
        sent,
      );
    } catch (error) {
      return describeFault(error);
    } finally {
      rememberLoaded();
    }
  }

  #abandoned;

  async #run(source, number) {
    this.#abandoned = undefined;
    const { module } = getCodeMetadata(source);
    tellCompiler();
    if (module) {
      const diagnostics = this.#converter.addModule(module, source, getCodeMetadata(source));
      return diagnostics.length > 0 ? describeDiagnostics(diagnostics, source) : undefined;
    }
    const converted = this.#converter.convert(this.#declarations, blankExports(require(typescriptPath), source));
    this.#modules.add(converted.sideOutputs ?? []);
    if (converted.diagnostics.length > 0) return describeDiagnostics(converted.diagnostics, source);
    const note = applyEdits(importsFromProject(source));
    if (note) console.error(note);
    return await this.#runConverted(converted, source, number);
  }

  async #runConverted(converted, source, number) {
    const statements = statementsOf(source);
    const cell = { started: NOT_STARTED, open: true, last: undefined };
    const finish = (failed) => {
      if (!cell.open) return;
      cell.open = false; // what goes on after an interrupt changes nothing any more
      const { started } = cell; // an interrupted cell may go on
      if (failed) this.#findTypes = () => this.#declarationsBefore(statements, started, source);
      else this.#types = converted.declOutput || '';
    };
    this.#abandoned = () => finish(true);
    try {
      await this.#call(converted, source, number, cell);
    } catch (error) {
      finish(true);
      if (isInterruption(error)) return INTERRUPTED;
      const at = statements[cell.started];
      return describeException(error, number, at && { number, line: at.line, column: at.column });
    }
    if (!cell.open) return INTERRUPTED;
    finish(false);
    const last = statements.at(-1);
    const writes = last && /^process\.std(out|err)\.write\(/.test(source.slice(last.start, last.end));
    if (cell.last !== undefined && cell.last !== null && !writes) return show(cell.last, number, last);
    return undefined;
  }

  async #call(converted, source, number, cell) {
    const locate = takeMap();
    const name = addCell(number, source, (line, column) => locate(line - LINES_BEFORE_CODE, column));
    const code = `(async function (exports, require, ${START_STATEMENT}) {\n${converted.output ?? ''}\n})`;
    const run = vm.runInThisContext(code, { filename: name, displayErrors: false });
    const start = (statement) => {
      cell.started = statement;
    };
    ownCodeStarts();
    await run(this.#exportsOf(cell, converted.lastExpressionVar), this.#modules.require, start);
  }

  /**
   * What a cell writes to: the names of all cells. Before its first statement it only clears names that it will set.
   */
  #exportsOf(cell, lastExpression) {
    const set = (name, value) => {
      if (name === '__esModule' || !cell.open) return true;
      if (name === lastExpression) cell.last = value;
      else if (value !== undefined || cell.started !== NOT_STARTED) this.#values[name] = value;
      return true;
    };
    return new Proxy(this.#values, {
      set: (_target, name, value) => set(name, value),
      // TypeScript defines imported names as getters; here a later cell may give them another value.
      defineProperty: (_target, name, { get, value }) => set(name, get ? get() : value),
    });
  }

  get #declarations() {
    const find = this.#findTypes;
    this.#findTypes = undefined;
    if (find) this.#types = find();
    return this.#types;
  }

  /**
   * The declarations of the statements before the one that failed, and of functions and types anywhere, as far as they
   * do not need the rest.
   */
  #declarationsBefore(statements, failed, written) {
    const source = blankExports(require(typescriptPath), written);
    let kept = statements.filter(
      ({ hoisted, isImport }, i) =>
        hoisted || (failed !== NOT_STARTED && (i < failed || (isImport && !statements[failed]?.isImport))),
    );
    while (kept.length > 0) {
      // The others become blanks, so that diagnostics say which statement they are about.
      let [left, at] = ['', 0];
      for (const { start, end } of kept) {
        left += `${source.slice(at, start).replace(/\S/g, ' ')}${source.slice(start, end)}`;
        at = end;
      }
      const { diagnostics, declOutput } = this.#converter.convert(this.#declarations, left);
      if (diagnostics.length === 0) return declOutput || '';
      const blamed = ({ start, end }) => diagnostics.some(({ start: { offset } }) => offset >= start && offset < end);
      const rest = kept.filter((statement) => !blamed(statement));
      if (rest.length === kept.length) break;
      kept = rest;
    }
    return this.#declarations;
  }

  /** `position` counts UTF-16 units, as all of JavaScript does. */
  inspect(source, position) {
    tellCompiler();
    return this.#converter.inspect(this.#declarations, source, position);
  }

  complete(source, position) {
    tellCompiler();
    return this.#converter.complete(this.#declarations, source, position);
  }
}

/** The value of the last line. Printing it runs its own code, getters and such, which may fail. */
function show(value, number, { line, column }) {
  try {
    console.log(value);
    return undefined;
  } catch (error) {
    return describeException(error, number, { number, line, column });
  }
}

/** The statements of a cell's top level, in the numbering of transform-cell.cjs. */
function statementsOf(source) {
  const ts = require(typescriptPath);
  const file = ts.createSourceFile('cell.ts', source, ts.ScriptTarget.ES2022, true);
  return file.statements.map((statement) => {
    const start = statement.getStart(file);
    const { line, character } = ts.getLineAndCharacterOfPosition(file, start);
    const isImport = ts.isImportDeclaration(statement) || ts.isImportEqualsDeclaration(statement);
    return { start, end: statement.end, line, column: character, isImport, hoisted: isHoisted(ts, statement) };
  });
}

/** Whether a cell loads a file of the project: `from './…'`, `import('./…')`, `require('./…')`. */
function importsFromProject(source) {
  return /(\bfrom|\bimport|\bimport\s*\(|\brequire\s*\()\s*['"`]\.{1,2}\//.test(source);
}

module.exports = { Executor };
