// Which of the compiler's diagnostics a cell gets to see, and how they read where TypeScript's words do not help.

/** 'await' expressions are only allowed within async functions. tslab drops those that it takes for the top level. */
const MISPLACED_AWAIT = 1308;
/** 'await' expressions cannot be used in a parameter initializer. */
const AWAIT_IN_PARAMETER = 2524;
/** Did you forget to use 'await'? TypeScript says it beside its message, where tslab does not look. */
const FORGOTTEN_AWAIT = 2773;
/** Cannot find name 'a'. No value exists in scope for the shorthand property 'a'. */
const MISSING_NAMES = [2304, 18004];
/** What follows from a missing name: no namespace of it, a type that is made of it, one that is spelled nearly so. */
const LIKE_NAME = 2552;
const MISSING_AGAIN = [2503, LIKE_NAME, 4025];
/** Expected 0 arguments, but got 1. */
const WRONG_COUNT = 2554;
/** For those who come from Python: the browser's print() takes nothing, and there is none here. */
const PRINT_ADVICE = 'TypeScript has no print(text). Write console.log(text).';
const RUN_BEFORE = 'Was the cell that declares it run? Run > Run All Above Selected Cell runs all that come before.';
/** Out of TypeScript's range: tslab does not know it, and so shows it. */
const OWN_CODE = 90_000;
const USING_ADVICE =
  "'using' declarations need TypeScript 5.2; cells are compiled with 5.0. " +
  "Declare it with 'const' and dispose of it in a 'finally' block.";

function cellDiagnostics(ts, cell, diagnostics) {
  const hasOwnWords = ({ code, start }) =>
    code === MISPLACED_AWAIT && diagnostics.some((other) => other.code === AWAIT_IN_PARAMETER && other.start === start);
  const told = diagnostics.filter((found) => !hasOwnWords(found));
  const shown = told
    .map((found) => (found.code === MISPLACED_AWAIT ? { ...found, code: OWN_CODE } : found))
    .map(withAwaitHint)
    .map((found) => withPrintHint(cell, found));
  const using = findUsing(ts, cell);
  if (!using || !shown.some(({ file }) => file === cell)) return shown;
  const lineOf = (position) => ts.getLineAndCharacterOfPosition(cell, position).line;
  const line = lineOf(using.start);
  const advice = { ...using, file: cell, category: ts.DiagnosticCategory.Error, code: OWN_CODE };
  return [
    { ...advice, messageText: USING_ADVICE },
    ...shown.filter(({ file, start }) => file !== cell || lineOf(start) !== line),
  ];
}

function withAwaitHint(found) {
  const hint = found.relatedInformation?.find(({ code }) => code === FORGOTTEN_AWAIT);
  if (!hint) return found;
  const add = (text) => `${text} ${hint.messageText}`;
  const { messageText } = found;
  return {
    ...found,
    messageText:
      typeof messageText === 'string'
        ? add(messageText)
        : { ...messageText, messageText: add(messageText.messageText) },
  };
}

function withPrintHint(cell, found) {
  const { code, file, start } = found;
  const isPrint = code === WRONG_COUNT && file === cell && /(^|[^.\w$])print\(\s*$/.test(cell.text.slice(0, start));
  return isPrint ? { ...found, messageText: PRINT_ADVICE } : found;
}

/**
 * What is missing in a cell that was run too early, told once: all names in the place of the first, and what to do.
 * `diagnostics` are those of tslab's converter.
 */
function joinMissingNames(diagnostics) {
  const missing = diagnostics.filter(({ code, fileName }) => MISSING_NAMES.includes(code) && !fileName);
  if (missing.length === 0) return diagnostics;
  const quoted = ({ messageText }) => [...messageText.matchAll(/'([^']+)'/g)].map(([, name]) => name);
  const names = [...new Set(missing.map((found) => quoted(found)[0]))];
  const isAgain = (found) =>
    MISSING_AGAIN.includes(found.code) && names.includes(quoted(found).at(found.code === LIKE_NAME ? 0 : -1));
  const listed = names.map((name) => `'${name}'`).join(', ');
  const messageText = `Cannot find ${names.length > 1 ? 'names' : 'name'} ${listed}. ${RUN_BEFORE}`;
  return diagnostics
    .filter((found) => found === missing[0] || !(missing.includes(found) || isAgain(found)))
    .map((found) => (found === missing[0] ? { ...found, messageText } : found));
}

/** `using name` and `await using name`: for TypeScript 5.0 two expressions on one line without a semicolon. */
function findUsing(ts, cell) {
  const isUsing = (node) => ts.isIdentifier(node) && node.text === 'using';
  let found;
  const visit = (node) => {
    if (found) return;
    const statements = node.statements ?? [];
    for (let i = 0; i + 1 < statements.length; i++) {
      const [first, second] = [statements[i], statements[i + 1]];
      if (!ts.isExpressionStatement(first) || !ts.isExpressionStatement(second)) continue;
      const { expression } = first;
      if (!isUsing(ts.isAwaitExpression(expression) ? expression.expression : expression)) continue;
      if (/[;\n]/.test(cell.text.slice(expression.end, second.getStart(cell)))) continue;
      found = { start: first.getStart(cell), length: second.getEnd() - first.getStart(cell) };
      return;
    }
    ts.forEachChild(node, visit);
  };
  visit(cell);
  return found;
}

module.exports = { cellDiagnostics, joinMissingNames };
