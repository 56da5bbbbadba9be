// docs/architecture.md against the code: its list of rooms, the direction of every import, its diagram, and the places
// that it names.
import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import * as path from 'node:path';
import { describe, test } from 'node:test';
import { projectRoot } from '../project-root';

const LIB = path.join(projectRoot(), 'lib');
const TEXT = fs.readFileSync(path.join(projectRoot(), 'docs', 'architecture.md'), 'utf8');
/** Rooms from the lowest to the highest. */
const ORDER = [...TEXT.matchAll(/^\| `([a-z-]+)` \|/gm)].map(([, room = '']) => room);
const DIAGRAM = [...TEXT.matchAll(/^ {2}([a-z-]+) --> ([a-z-]+)$/gm)].map(([, from, to]) => `${from} --> ${to}`);

/** Every import from one room in another: `a --> b`, with the first file that has it. */
function findImports(): Map<string, string> {
  const found = new Map<string, string>();
  for (const file of fs
    .readdirSync(LIB, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))) {
    const room = file.split(path.sep)[0] ?? '';
    if (!file.includes(path.sep)) continue; // lib/index.ts
    const text = fs.readFileSync(path.join(LIB, file), 'utf8');
    for (const [, from = ''] of text.matchAll(/(?:from|import|import\(|require\()\s*'(\.[^']*)'/g)) {
      const target = path.join(path.dirname(file), from).split(path.sep)[0] ?? '';
      if (target !== room) found.set(`${room} --> ${target}`, found.get(`${room} --> ${target}`) ?? file);
    }
  }
  return found;
}

/** Whether `to` is reached from `from` over edges other than the direct one. */
function isImplied(from: string, to: string, edges: readonly string[]): boolean {
  const pairs = edges.filter((edge) => edge !== `${from} --> ${to}`).map((edge) => edge.split(' --> '));
  const seen = new Set([from]);
  for (const room of seen) for (const [source, target = ''] of pairs) if (source === room) seen.add(target);
  return seen.has(to);
}

describe('rooms', () => {
  const imports = findImports();
  const edges = [...imports.keys()];

  test('the document lists every folder of lib, and nothing else lies beside lib/index.ts', () => {
    const folders = fs.readdirSync(LIB, { withFileTypes: true });
    assert.deepEqual(
      folders.filter((entry) => !entry.isDirectory()).map(({ name }) => name),
      ['index.ts'],
    );
    assert.deepEqual(
      [...ORDER].sort(),
      folders
        .filter((entry) => entry.isDirectory())
        .map(({ name }) => name)
        .sort(),
    );
    for (const room of ORDER.filter((name) => !['core', 'cli'].includes(name)))
      assert.ok(fs.existsSync(path.join(LIB, room, 'index.ts')), `lib/${room}/index.ts is missing`);
  });

  test('a room imports only rooms above it in the list', () => {
    assert.ok(imports.size > 40);
    for (const edge of edges) {
      const [from = '', to = ''] = edge.split(' --> ');
      assert.ok(ORDER.indexOf(to) < ORDER.indexOf(from), `lib/${imports.get(edge)}: ${from} must not import ${to}`);
    }
  });

  test('openvino, ir, hub and timing import only core', () => {
    for (const edge of edges)
      if (/^(openvino|ir|hub|timing) /.test(edge)) assert.match(edge, / --> core$/, `lib/${imports.get(edge)}`);
  });

  test('the diagram has every import that does not follow from others', () => {
    const rank = (edge: string): number[] => edge.split(' --> ').map((room) => ORDER.indexOf(room));
    const needed = edges
      .filter((edge) => {
        const [from = '', to = ''] = edge.split(' --> ');
        return !isImplied(from, to, edges);
      })
      .sort((one, other) => (rank(one)[0] ?? 0) - (rank(other)[0] ?? 0) || (rank(one)[1] ?? 0) - (rank(other)[1] ?? 0));
    assert.deepEqual(DIAGRAM, needed, `docs/architecture.md, the diagram should be:\n  ${needed.join('\n  ')}`);
  });

  test('every function that the document names is in the file that it names', () => {
    const named = [...TEXT.matchAll(/^\| [^|]+ \| ((?:`\w+(?:\.\w+)?`, )+)(lib\/[\w/-]+(?:\.ts)?) \|/gm)];
    assert.ok(named.length > 15);
    for (const [, names = '', place = ''] of named) {
      const file = path.join(projectRoot(), place);
      const text = place.endsWith('.ts')
        ? fs.readFileSync(file, 'utf8')
        : fs
            .readdirSync(file)
            .filter((name) => name.endsWith('.ts'))
            .map((name) => fs.readFileSync(path.join(file, name), 'utf8'))
            .join('\n');
      for (const [, name = ''] of names.matchAll(/`(?:\w+\.)?(\w+)`/g))
        assert.match(
          text,
          new RegExp(`(function\\*?|class|async|static|^) +(static |async )*${name}\\b`, 'm'),
          `${name} in ${place}`,
        );
    }
  });
});
