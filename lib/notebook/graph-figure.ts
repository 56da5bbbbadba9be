// A graph as it will be written, drawn: a box for each operation with its weight and the shape that it gives, and a
// line for each tensor. Netron draws the same from the .xml.
import { checkArguments } from '../core/check-arguments';
import { formatShape, type Graph, type Node } from '../ir';
import { arrow, cell, diagram, text, type Role } from './diagram';
import { showSVG, type Drawing } from './show-svg';

const MARGIN = 16;
const TITLE_HEIGHT = 30;
const ROW = 38;
const HEIGHT = 24;
const WIDE = 320;
const NARROW = 112;
const GAP = 10;
const GUTTER = 26;
const COLUMN = 3 * NARROW + 2 * GAP + 2 * GUTTER;
const MAX_ROWS = 16;
/** How far from the middle a column may end, to end where few lines cross. */
const BREAK_RANGE = 4;
const GLYPH = 7.6;

interface Place {
  readonly node: Node;
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly copy?: boolean;
}

/** Draws a graph from top to bottom, in columns where it is long. */
export function graphFigure(graph: Graph): Drawing {
  checkArguments('graphFigure', { graph: [graph, ['nodes', 'name']] });
  checkArguments('graphFigure', { 'graph.nodes': [graph.nodes, 'list'], 'graph.name': [graph.name, 'text'] });
  const shown = graph.nodes.filter(isShown);
  const rows = rowsOf(shown);
  const columns = columnsOf(rows);
  const parts = columns.flatMap((column, index) => drawColumn(column, MARGIN + index * COLUMN));
  const height = Math.max(1, ...columns.map(({ rows: list, copies }) => list.length + (copies.length > 0 ? 1 : 0)));
  const weights = graph.nodes.filter(({ source }) => source !== undefined).length;
  const alt =
    `The graph "${graph.name}": ${shown.length} operations and ${weights} constants. In order: ` +
    `${shown.map(({ type }) => type).join(', ')}.`;
  const width = 2 * MARGIN + columns.length * COLUMN;
  const heading = text(MARGIN, MARGIN + 12, graph.name, { size: 15, bold: true, anchor: 'start' });
  return { svg: diagram(width, 2 * MARGIN + TITLE_HEIGHT + height * ROW, alt, [heading, ...parts]), width, alt };
}

/**
 * Shows a graph that was built with GraphBuilder.
 *
 * @example
 * const g = new GraphBuilder('twice');
 * const x = g.parameter('x', 'f32', [-1, 4]);
 * g.result('y', g.add(x, x, 'sum'));
 * await nb.showGraph(g);
 */
export async function showGraph(graph: Graph): Promise<void> {
  await showSVG(graphFigure(graph));
}

/** Constants, and the marks that decompress them, are part of what reads them. */
function isShown({ type, inputs }: Node): boolean {
  return type !== 'Const' && !(type === 'Convert' && inputs[0]?.node.type === 'Const');
}

function sourcesOf({ inputs }: Node): Node[] {
  return [...new Set(inputs.map(({ node }) => node).filter(isShown))];
}

/** Each operation stands one row below the last one that it reads. */
function rowsOf(nodes: readonly Node[]): Node[][] {
  const row = new Map<Node, number>();
  const rows: Node[][] = [];
  for (const node of nodes) {
    const at = Math.max(-1, ...sourcesOf(node).map((source) => row.get(source) ?? -1)) + 1;
    row.set(node, at);
    (rows[at] ??= []).push(node);
  }
  return rows;
}

interface Column {
  readonly rows: readonly (readonly Node[])[];
  /** Operations of earlier columns that this one reads: drawn again, dashed. */
  readonly copies: readonly Node[];
}

function columnsOf(rows: readonly (readonly Node[])[]): Column[] {
  const count = Math.ceil(rows.length / MAX_ROWS);
  const columns: Column[] = [];
  let start = 0;
  for (let left = count; left > 0; left--) {
    const even = start + Math.ceil((rows.length - start) / left);
    const ends = Array.from({ length: 2 * BREAK_RANGE + 1 }, (_, i) => even - BREAK_RANGE + i).filter(
      (end) => end > start && end < rows.length,
    );
    const cost = (end: number): number => readBefore(rows, end).length + Math.abs(end - even) / 100;
    const end = left === 1 ? rows.length : ends.sort((a, b) => cost(a) - cost(b))[0];
    columns.push({ rows: rows.slice(start, end), copies: start === 0 ? [] : readBefore(rows, start, end) });
    start = end;
  }
  return columns;
}

/** What the rows from `start` to `end` read from above them. */
function readBefore(rows: readonly (readonly Node[])[], start: number, end = rows.length): Node[] {
  const above = new Set(rows.slice(0, start).flat());
  return [...new Set(rows.slice(start, end).flat().flatMap(sourcesOf))].filter((node) => above.has(node));
}

function drawColumn({ rows, copies }: Column, left: number): string[] {
  const places = new Map<Node, Place>();
  const all = copies.length > 0 ? [copies, ...rows] : rows;
  all.forEach((nodes, index) => {
    const copy = copies.length > 0 && index === 0;
    const y = MARGIN + TITLE_HEIGHT + index * ROW;
    const middle = left + COLUMN / 2 - GUTTER / 2;
    // One that stands alone below the left or the right of three stays there.
    const above = nodes.length === 1 ? sourcesOf(nodes[0]).map((source) => places.get(source)) : [];
    const [only] = above;
    const stays = above.length === 1 && only?.width === NARROW && nodes[0].type !== 'Concat' ? only : undefined;
    const width = nodes.length === 1 && !stays ? WIDE : NARROW;
    nodes.forEach((node, place) => {
      const center = stays ? stays.x : middle + (place - (nodes.length - 1) / 2) * (width + GAP);
      places.set(node, { node, x: center, y, width, copy });
    });
  });
  let gutter = 0;
  const lines = [...places.values()]
    .filter(({ copy }) => !copy)
    .flatMap((to) =>
      sourcesOf(to.node).flatMap((source) => {
        const from = places.get(source);
        if (!from) return [];
        const blocked = [...places.values()].some(
          ({ x, y, width }) => y > from.y && y < to.y && Math.abs(x - from.x) < width / 2 + GAP / 2,
        );
        if (blocked) return [around(from, to, left + COLUMN - GUTTER + 6 * gutter++)];
        const x = clamp(from.x, to.x - to.width / 2 + 8, to.x + to.width / 2 - 8);
        return [
          arrow(
            x === from.x
              ? [
                  [x, from.y + HEIGHT],
                  [x, to.y],
                ]
              : [
                  [from.x, from.y + HEIGHT],
                  [from.x, to.y - 9],
                  [x, to.y - 9],
                  [x, to.y],
                ],
          ),
        ];
      }),
    );
  return [...lines, ...[...places.values()].map(drawNode)];
}

/** A line that passes other operations, at their right. */
function around(from: Place, to: Place, x: number): string {
  const [start, end] = [from.y + HEIGHT / 2, to.y + HEIGHT / 2];
  return arrow([
    [from.x + from.width / 2, start],
    [x, start],
    [x, end],
    [to.x + to.width / 2, end],
  ]);
}

function clamp(value: number, low: number, high: number): number {
  return Math.min(high, Math.max(low, value));
}

function drawNode({ node, x, y, width, copy }: Place): string {
  const weight = weightOf(node);
  const shape = node.outputs.length > 0 ? formatShape(node.outputs[0].shape) : '';
  const parts = isPort(node) ? [node.name.replace(/\/result$/, ''), shape] : [node.type, weight?.name, shape];
  const label = width === NARROW ? node.type : parts.filter(Boolean).join(' ');
  return cell(x - width / 2, y, width, HEIGHT, roleOf(node, weight?.rank), shorten(label, width), copy);
}

function isPort({ type }: Node): boolean {
  return type === 'Parameter' || type === 'Result';
}

function roleOf(node: Node, rank: number | undefined): Role {
  if (isPort(node)) return 'cache';
  if (rank === undefined) return 'data';
  return node.type === 'MatMul' || node.type === 'Convolution' ? 'vision' : 'encoder';
}

/** The weight that an operation reads, by the end of its name: `qkv.weight`. Shapes and axes are no weights. */
function weightOf({ inputs }: Node): { readonly name: string; readonly rank: number } | undefined {
  const constants = inputs.map(({ node }) => (node.type === 'Convert' ? (node.inputs[0]?.node ?? node) : node));
  const found = constants.find(({ type, integers }) => type === 'Const' && integers === undefined);
  return found && { name: found.name.split('.').slice(-2).join('.'), rank: found.outputs[0].shape.length };
}

function shorten(label: string, width: number): string {
  const fit = Math.floor(width / GLYPH);
  return label.length > fit ? `${label.slice(0, fit - 1)}…` : label;
}
