// Writes a graph as OpenVINO IR, version 11: the structure as XML, and the constants one after the other in a .bin.
import * as fs from 'node:fs';
import * as path from 'node:path';
import { withCallbacks } from '../core/with-callbacks';
import { checkArguments } from '../core/check-arguments';
import { checkOptions } from '../core/check-options';
import { makeFolder } from '../core/make-folder';
import { GraphError, TYPE_BYTES, type ConstantSource, type Graph, type IRType, type Node, type Value } from './graph';
import { elementCount } from './shapes';

export interface WrittenIR {
  readonly xml: string;
  readonly bin: string;
  readonly xmlBytes: number;
  readonly binBytes: number;
}

export interface WriteOptions {
  /** The model's runtime info, for people and tools that open the file. */
  readonly info?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
  /** Called while constants are written, with the bytes so far. */
  readonly on_bytes?: (bytes: number) => void;
}

const PRECISION: Readonly<Record<IRType, string>> = {
  f32: 'FP32',
  f16: 'FP16',
  i64: 'I64',
  i32: 'I32',
  boolean: 'BOOL',
};

/**
 * Constants start at multiples of the largest element, so that a memory-mapped file can be read as an array in place.
 */
const ALIGNMENT = 8;

const XML_NAME = /^[A-Za-z_][\w.-]*$/;

/** Counts calls: two that write the same file in one process need different temporary names. */
let calls = 0;

/**
 * Writes `file` (.xml) and the .bin beside it. Both appear under their names only when complete, the .xml last.
 * One chunk of a constant is written while the next is made. The event loop can run between chunks.
 *
 * @throws {GraphError} when a constant's bytes do not have the length of its type and shape
 */
export async function writeIR(graph: Graph, file: string, options: WriteOptions = {}): Promise<WrittenIR> {
  checkArguments('writeIR', { graph: [graph, 'object'], file: [file, 'path'] });
  checkOptions('writeIR', options, ['info', 'signal', 'on_bytes']);
  const { info = {} } = options;
  const bin = file.replace(/\.xml$/, '.bin');
  if (bin === file) throw new GraphError(`${file}: got another file name, expected one that ends in .xml.`);
  for (const key of Object.keys(info))
    if (!XML_NAME.test(key))
      throw new GraphError(
        `${file}: runtime info "${key}" is not an XML name. Expected letters, digits, "_", "-" and ".", ` +
          'beginning with a letter or "_".',
      );
  return withCallbacks(options.signal, (guard) =>
    writeFiles(graph, file, { ...options, on_bytes: guard(options.on_bytes) }),
  );
}

async function writeFiles(graph: Graph, file: string, options: WriteOptions): Promise<WrittenIR> {
  const { info = {}, signal } = options;
  const bin = file.replace(/\.xml$/, '.bin');
  await makeFolder(path.dirname(file));
  const suffix = `${process.pid}-${++calls}.tmp`;
  const temporary = { xml: `${file}.${suffix}`, bin: `${bin}.${suffix}` };
  try {
    const placements = await writeConstants(graph, temporary.bin, options);
    const xml = toXML(graph, placements, info);
    await withPath(temporary.xml, fs.promises.writeFile(temporary.xml, xml));
    const binBytes = (await fs.promises.stat(temporary.bin)).size;
    signal?.throwIfAborted();
    await fs.promises.rm(file, { force: true }); // no reader may find the old graph with the new constants
    await fs.promises.rename(temporary.bin, bin);
    await fs.promises.rename(temporary.xml, file);
    return { xml: file, bin, xmlBytes: Buffer.byteLength(xml), binBytes };
  } finally {
    // An error of the removal must not hide the first one.
    await Promise.allSettled([temporary.xml, temporary.bin].map((name) => fs.promises.rm(name, { force: true })));
  }
}

/** Where a constant's bytes are in the .bin. */
interface Placement {
  readonly offset: number;
  readonly size: number;
}

/** Writes every constant once. @returns where each constant's bytes are */
async function writeConstants(graph: Graph, file: string, options: WriteOptions): Promise<Map<Node, Placement>> {
  const placements = new Map<Node, Placement>();
  const byKey = new Map<string, Placement>();
  const writer = await ConstantWriter.open(file, options);
  try {
    for (const node of graph.nodes) {
      if (!node.source) continue;
      options.signal?.throwIfAborted();
      const size = byteLength(node);
      const key = node.source.key === undefined ? undefined : `${node.source.key} ${node.outputs[0].type}`;
      const shared = key === undefined ? undefined : byKey.get(key);
      const placement = shared?.size === size ? shared : await writer.write(node, node.source, size);
      placements.set(node, placement);
      if (key !== undefined) byKey.set(key, placement);
    }
    await writer.flush();
  } finally {
    await writer.close();
  }
  return placements;
}

/** Appends constants to a file. One chunk is written while the next is made. */
class ConstantWriter {
  #end = 0;
  #writing: Promise<void> = Promise.resolve();

  private constructor(
    private readonly file: string,
    private readonly handle: fs.promises.FileHandle,
    private readonly options: WriteOptions,
  ) {}

  static async open(file: string, options: WriteOptions): Promise<ConstantWriter> {
    return new ConstantWriter(file, await fs.promises.open(file, 'w'), options);
  }

  /** @throws {GraphError} when the source does not give `size` bytes */
  async write(node: Node, source: ConstantSource, size: number): Promise<Placement> {
    const { signal, on_bytes } = this.options;
    // An empty one must not begin after the file's end
    const offset = size === 0 ? this.#end : Math.ceil(this.#end / ALIGNMENT) * ALIGNMENT;
    const bytes = source.bytes();
    let done = 0;
    for (const chunk of bytes instanceof Uint8Array ? [bytes] : bytes) {
      await this.#writing;
      if (done + chunk.byteLength <= size)
        this.#writing = withPath(this.file, writeFully(this.handle, chunk, offset + done));
      // Awaited before the next chunk, or by flush; until then it must not count as unhandled
      this.#writing.catch(() => {});
      done += chunk.byteLength;
      on_bytes?.(offset + Math.min(done, size));
      signal?.throwIfAborted();
    }
    if (done !== size)
      throw new GraphError(
        `Constant "${node.name}": got ${done} bytes, expected ${size} for ` +
          `${node.outputs[0].type}[${node.outputs[0].shape.join(', ')}].`,
      );
    this.#end = offset + size;
    return { offset, size };
  }

  /** Waits for the last chunk. */
  flush(): Promise<void> {
    return this.#writing;
  }

  async close(): Promise<void> {
    await this.#writing.catch(() => {});
    await this.handle.close();
  }
}

/** One write call may take less than it was given (2 GiB on Linux): continue until all is written. */
async function writeFully(handle: fs.promises.FileHandle, data: Uint8Array, position: number): Promise<void> {
  for (let done = 0; done < data.byteLength; )
    done += (await handle.write(data, done, data.byteLength - done, position + done)).bytesWritten;
}

/** An error of writing to an open file has no `path`, unlike Node's other file errors: adds it. */
async function withPath<T>(file: string, action: Promise<T>): Promise<T> {
  try {
    return await action;
  } catch (error) {
    throw error instanceof Error && !('path' in error) ? Object.assign(error, { path: file }) : error;
  }
}

function byteLength(node: Node): number {
  const { type, shape } = node.outputs[0];
  return elementCount(shape) * TYPE_BYTES[type];
}

function toXML(graph: Graph, placements: ReadonlyMap<Node, Placement>, info: Readonly<Record<string, string>>): string {
  const edges = graph.nodes.flatMap((node) =>
    node.inputs.map(
      (value, port) =>
        `<edge from-layer="${value.node.id}" from-port="${outputPort(value)}" to-layer="${node.id}" ` +
        `to-port="${port}"/>`,
    ),
  );
  return [
    '<?xml version="1.0"?>',
    `<net name="${escape(graph.name)}" version="11">`,
    '<layers>',
    ...graph.nodes.map((node) => layerXML(node, placements.get(node))),
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

function layerXML(node: Node, placement?: Placement): string {
  const data = {
    ...node.attributes,
    ...(placement ? { offset: String(placement.offset), size: String(placement.size) } : {}),
  };
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

/** Ports are numbered consecutively: inputs first, then outputs. */
function outputPort(value: Value): number {
  return value.node.inputs.length + value.port;
}

function portXML({ type, shape }: Value, id: number, tensorNames: readonly string[]): string {
  const names = tensorNames.map((name) => name.replace(/,/g, '\\,')).join(',');
  const dims = shape.map((dim) => `<dim>${dim}</dim>`).join('');
  const named = tensorNames.length > 0 ? ` names="${escape(names)}"` : '';
  return `<port id="${id}" precision="${PRECISION[type]}"${named}>${dims}</port>`;
}

function escape(text: string): string {
  return text.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;').replace(/"/g, '&quot;');
}
