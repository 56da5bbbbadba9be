// Writes a graph as OpenVINO IR, version 11: the structure as XML, the constants one after the other in a .bin beside it.
import * as fs from 'node:fs';
import * as path from 'node:path';
import { GraphError, TYPE_BYTES, type Graph, type IRType, type Node, type Value } from './graph';

export interface WrittenIR {
  readonly xml: string;
  readonly bin: string;
  readonly xmlBytes: number;
  readonly binBytes: number;
}

export interface WriteOptions {
  /** Key and value pairs for the model's runtime info, for people and tools that open the file. */
  readonly info?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
  /** Called while constants are written, with the bytes so far. */
  readonly onBytes?: (bytes: number) => void;
}

const PRECISION: Readonly<Record<IRType, string>> = {
  f32: 'FP32',
  f16: 'FP16',
  i64: 'I64',
  i32: 'I32',
  boolean: 'BOOL',
};

/** Constants start at multiples of the largest element, so that a memory-mapped file can be read as an array in place. */
const ALIGNMENT = 8;

const XML_NAME = /^[A-Za-z_][\w.-]*$/;

/** Writes so far: two of one process to one file need temporary names of their own. */
let writes = 0;

/**
 * Writes `file` (.xml) and the .bin beside it. Both appear under their names only when complete, the .xml last.
 * One piece of a constant is written while the next is made. Lets the event loop run between pieces.
 *
 * @throws {GraphError} when a constant's bytes do not have the length that its type and shape ask for
 */
export async function writeIR(
  graph: Graph,
  file: string,
  { info = {}, signal, onBytes }: WriteOptions = {},
): Promise<WrittenIR> {
  const bin = file.replace(/\.xml$/, '.bin');
  if (bin === file) throw new GraphError(`${file}: an IR's file name must end in .xml.`);
  await fs.promises.mkdir(path.dirname(file), { recursive: true });
  for (const key of Object.keys(info))
    if (!XML_NAME.test(key))
      throw new GraphError(
        `${file}: runtime info "${key}" is no XML name: letters, digits, "_", "-" and ".", beginning with a letter or "_".`,
      );
  const mark = `${process.pid}-${++writes}`;
  const temporary = { xml: `${file}.${mark}.tmp`, bin: `${bin}.${mark}.tmp` };
  try {
    const offsets = await writeConstants(graph, temporary.bin, signal, onBytes);
    const xml = toXML(graph, offsets, info);
    await naming(temporary.xml, fs.promises.writeFile(temporary.xml, xml));
    const binBytes = (await fs.promises.stat(temporary.bin)).size;
    signal?.throwIfAborted();
    await fs.promises.rm(file, { force: true }); // no reader may see the old graph over the new constants
    await fs.promises.rename(temporary.bin, bin);
    await fs.promises.rename(temporary.xml, file);
    return { xml: file, bin, xmlBytes: Buffer.byteLength(xml), binBytes };
  } finally {
    await Promise.all([temporary.xml, temporary.bin].map((name) => fs.promises.rm(name, { force: true })));
  }
}

interface Place {
  readonly offset: number;
  readonly size: number;
}

async function writeConstants(
  graph: Graph,
  file: string,
  signal?: AbortSignal,
  onBytes?: (bytes: number) => void,
): Promise<Map<Node, Place>> {
  const places = new Map<Node, Place>();
  const shared = new Map<string, Place>();
  const handle = await fs.promises.open(file, 'w');
  let end = 0;
  let writing: Promise<void> = Promise.resolve();
  try {
    for (const node of graph.nodes) {
      if (!node.source) continue;
      signal?.throwIfAborted();
      const { key, bytes } = node.source;
      const size = byteLength(node);
      const known = key === undefined ? undefined : shared.get(`${key} ${node.outputs[0].type}`);
      if (known && known.size === size) {
        places.set(node, known);
        continue;
      }
      const offset = size === 0 ? end : Math.ceil(end / ALIGNMENT) * ALIGNMENT; // an empty one must not lie behind the file's end
      const data = bytes();
      let done = 0;
      for (const piece of data instanceof Uint8Array ? [data] : data) {
        await writing;
        if (done + piece.byteLength <= size) writing = naming(file, writeFully(handle, piece, offset + done));
        writing.catch(() => {}); // awaited above or below; until then it must not count as unhandled
        done += piece.byteLength;
        onBytes?.(offset + Math.min(done, size));
        signal?.throwIfAborted();
      }
      if (done !== size)
        throw new GraphError(
          `Constant "${node.name}": got ${done} bytes, expected ${size} for ${node.outputs[0].type}[${node.outputs[0].shape.join(', ')}].`,
        );
      end = offset + size;
      const place = { offset, size };
      places.set(node, place);
      if (key !== undefined) shared.set(`${key} ${node.outputs[0].type}`, place);
    }
    await writing;
  } finally {
    await writing.catch(() => {});
    await handle.close();
  }
  return places;
}

/** One write call may take less than it was given (2 GiB on Linux): go on until all is written. */
async function writeFully(handle: fs.promises.FileHandle, data: Uint8Array, position: number): Promise<void> {
  for (let done = 0; done < data.byteLength; )
    done += (await handle.write(data, done, data.byteLength - done, position + done)).bytesWritten;
}

/** Where writing to an open file fails, Node's error has no `path`, as its others have: add it. */
async function naming<T>(file: string, action: Promise<T>): Promise<T> {
  try {
    return await action;
  } catch (error) {
    throw error instanceof Error && !('path' in error) ? Object.assign(error, { path: file }) : error;
  }
}

function byteLength(node: Node): number {
  const { type, shape } = node.outputs[0];
  return shape.reduce((product, dim) => product * dim, TYPE_BYTES[type]);
}

function toXML(graph: Graph, places: ReadonlyMap<Node, Place>, info: Readonly<Record<string, string>>): string {
  const edges = graph.nodes.flatMap((node) =>
    node.inputs.map(
      (value, port) =>
        `<edge from-layer="${value.node.id}" from-port="${outputPort(value)}" to-layer="${node.id}" to-port="${port}"/>`,
    ),
  );
  return [
    '<?xml version="1.0"?>',
    `<net name="${escape(graph.name)}" version="11">`,
    '<layers>',
    ...graph.nodes.map((node) => layerXML(node, places.get(node))),
    '</layers>',
    '<edges>',
    ...edges,
    '</edges>',
    '<rt_info>',
    ...Object.entries(info).map(([key, value]) => `<${key} value="${escape(value)}"/>`),
    '</rt_info>',
    '</net>',
    '',
  ].join('\n');
}

function layerXML(node: Node, place?: Place): string {
  const data = { ...node.attributes, ...(place ? { offset: String(place.offset), size: String(place.size) } : {}) };
  const attributes = Object.entries(data)
    .map(([key, value]) => ` ${key}="${escape(value)}"`)
    .join('');
  const runtime = node.runtimeInfo.map((name) => `<attribute name="${name}" version="0"/>`).join('');
  const inputs = node.inputs.map((value, port) => portXML(value, port, [])).join('');
  const outputs = node.outputs.map((value) => portXML(value, outputPort(value), node.tensorNames[value.port])).join('');
  return (
    `<layer id="${node.id}" name="${escape(node.name)}" type="${node.type}" version="${node.opset}">` +
    (attributes ? `<data${attributes}/>` : '') +
    (runtime ? `<rt_info>${runtime}</rt_info>` : '') +
    (inputs ? `<input>${inputs}</input>` : '') +
    (outputs ? `<output>${outputs}</output>` : '') +
    '</layer>'
  );
}

/** Ports are numbered through: inputs first, then outputs. */
function outputPort(value: Value): number {
  return value.node.inputs.length + value.port;
}

function portXML({ type, shape }: Value, id: number, names: readonly string[]): string {
  return `<port id="${id}" precision="${PRECISION[type]}"${names.length > 0 ? ` names="${escape(names.map((name) => name.replace(/,/g, '\\,')).join(','))}"` : ''}>${shape.map((dim) => `<dim>${dim}</dim>`).join('')}</port>`;
}

function escape(text: string): string {
  return text.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;').replace(/"/g, '&quot;');
}
