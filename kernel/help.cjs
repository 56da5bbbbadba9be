// Help while a cell is written: what a name is (Shift-Tab), and what may follow (Tab). Jupyter counts positions in
// characters; the compiler counts UTF-16 units, two for an emoji.
const { importCompletions } = require('./complete-imports.cjs');
const { typescriptPath } = require('./tslab-parts.cjs');

/** JSDoc's tags that a reader wants to see, how they are headed, and in which order. */
const HEADINGS = {
  deprecated: 'Deprecated',
  param: 'Parameters',
  returns: 'Returns',
  return: 'Returns',
  default: 'Default',
  defaultValue: 'Default',
  throws: 'Throws',
  see: 'See',
  example: 'Example',
};

/** The content of an inspect_reply. */
function tooltip(executor, code, cursor) {
  const position = toUnits(code, cursor);
  const info = inspectAt(executor, code, position);
  if (!info) return { found: false, data: {}, metadata: {} };
  return { found: true, data: { 'text/plain': plainText(info), 'text/markdown': markdown(info) }, metadata: {} };
}

/** Behind a bracket or a comma, and where nothing has a name, the call around it is what the reader asks about. */
function inspectAt(executor, code, position) {
  const calls = callsAround(code, position);
  const own = () => executor.inspect(code, position);
  const ofCalls = () => {
    for (const callee of calls) {
      const info = executor.inspect(code, callee);
      if (info) return info;
    }
    return undefined;
  };
  return /[\s(,{[]/.test(code[position - 1] ?? '') && calls.length > 0 ? (ofCalls() ?? own()) : (own() ?? ofCalls());
}

/** The names of the functions whose arguments are around a position, the innermost first. */
function callsAround(code, position) {
  const ts = require(typescriptPath);
  const file = ts.createSourceFile('cell.ts', code, ts.ScriptTarget.ES2022, true);
  const found = [];
  const written = code.slice(0, position).trimEnd().length; // a call that is not closed ends with its last word
  const visit = (node) => {
    if (node.pos > position || node.end < written) return;
    if ((ts.isCallExpression(node) || ts.isNewExpression(node)) && node.arguments) {
      const closed = code[node.end - 1] === ')';
      if (node.arguments.pos <= position && (!closed || position < node.end)) {
        const { expression } = node;
        found.unshift((ts.isPropertyAccessExpression(expression) ? expression.name : expression).getStart(file));
      }
    }
    ts.forEachChild(node, visit);
  };
  visit(file);
  return found;
}

/** The content of a complete_reply. */
function completions(executor, code, cursor) {
  const position = toUnits(code, cursor);
  const { candidates, start, end } = importCompletions(code, position) ?? executor.complete(code, position);
  return {
    matches: candidates,
    cursor_start: toCharacters(code, start),
    cursor_end: toCharacters(code, end),
    metadata: {},
  };
}

function toUnits(code, characters) {
  return [...code].slice(0, Math.max(0, characters ?? code.length)).join('').length;
}

function toCharacters(code, units) {
  return [...code.slice(0, units)].length;
}

function textOf(parts) {
  return (parts ?? []).map(({ text }) => text).join('');
}

/** The declaration, without TypeScript's words for how the name came into the cell. */
function declarationOf(info) {
  return textOf(info.displayParts)
    .replace(/^\(alias\) (?=[\w$]+[(<])/, 'function ')
    .replace(/^\(alias\) /, '')
    .replace(/\n(export|import) .*$/s, '');
}

/** In a docstring of one line, TypeScript takes an example for words. */
function wordsAndExample(info) {
  const [words, ...example] = textOf(info.documentation).split(/\s@example\s+/);
  return { words, example };
}

/** Tags that are shown, those of one kind together, as `[heading, texts]`. */
function sectionsOf(info) {
  const sections = new Map();
  for (const { name, text } of info.tags ?? []) {
    const heading = HEADINGS[name];
    const body = textOf(text).trim();
    if (heading && body) sections.set(heading, [...(sections.get(heading) ?? []), body]);
  }
  const { example } = wordsAndExample(info);
  if (example.length > 0) sections.set(HEADINGS.example, [...(sections.get(HEADINGS.example) ?? []), ...example]);
  const order = Object.values(HEADINGS);
  return [...sections].sort(([a], [b]) => order.indexOf(a) - order.indexOf(b));
}

function plainText(info) {
  const sections = sectionsOf(info).map(([heading, texts]) => `${heading}:\n${texts.map(indent).join('\n')}`);
  return [declarationOf(info), wordsAndExample(info).words, ...sections].filter(Boolean).join('\n\n');
}

function indent(text) {
  return text.replace(/^/gm, '  ');
}

function markdown(info) {
  const sections = sectionsOf(info).map(([heading, texts]) =>
    heading === 'Example'
      ? texts.map((text) => `**Example**\n\n${fenced(text)}`).join('\n\n')
      : `**${heading}**\n\n${texts.map((text) => `- ${named(text)}`).join('\n')}`,
  );
  return [fenced(declarationOf(info)), escaped(wordsAndExample(info).words), ...sections].filter(Boolean).join('\n\n');
}

function fenced(text) {
  return text.startsWith('```') ? text : `\`\`\`ts\n${text}\n\`\`\``;
}

/** `options words` and `{Error} words`: the name in code. */
function named(text) {
  const [, name, rest] = /^(\{[^}]*\}|[\w$.]+(?= [^ ]))?([^]*)$/.exec(text) ?? [undefined, undefined, text];
  const words = escaped(rest.replace(/\s*\n\s*/g, ' '));
  return name?.startsWith('{') ? `\`${name.slice(1, -1)}\`${words}` : `${name ? `\`${name}\`` : ''}${words}`;
}

/** Docstrings are plain text with code in backticks: what Markdown would take for its own stays as it is. */
function escaped(text) {
  return text
    .split(/(`[^`]*`)/)
    .map((part, i) => (i % 2 === 1 ? part : part.replace(/[*_<[\]]/g, (sign) => `\\${sign}`)))
    .join('');
}

module.exports = { completions, tooltip };
