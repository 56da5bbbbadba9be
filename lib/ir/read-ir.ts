// An OpenVINO IR from disk as layers: what each is, what it reads, and the values of constants. For looking into
// models; to run them, OpenVINO reads the files itself.
import * as fs from 'node:fs';
import { checkArguments } from '../core/check-arguments';
import { BlipError } from '../core/errors';
import { halfToFloat } from '../core/float16';
import { quote } from '../core/quote';
import { readText } from '../core/read-text';

/** An IR cannot be read, or lacks what was asked for. */
export class ReadIRError extends BlipError {}

/** A graph of BLIP-large has 2 MB; weights are in the .bin. */
export const MAX_XML_BYTES = 256 * 2 ** 20;
const ADVICE = 'Convert the model again.';

/** One output of another layer. */
export interface IRInput {
  readonly layer: IRLayer;
  readonly port: number;
}

export interface IRLayer {
  readonly id: number;
  /** Friendly name, as Netron shows it. */
  readonly name: string;
  /** The operation: `MatMul`, `Const`, … */
  readonly type: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly inputs: readonly IRInput[];
}

/** Its attributes and inputs come after it in the file. */
interface LayerBeingRead extends IRLayer {
  attributes: Readonly<Record<string, string>>;
  readonly inputs: IRInput[];
}

/** Bytes per value and how to read them, for the element types of constants that are whole bytes. */
const READERS: Readonly<Record<string, readonly [bytes: number, read: (buffer: ArrayBuffer) => ArrayLike<number>]>> = {
  f32: [4, (buffer) => new Float32Array(buffer)],
  f16: [2, (buffer) => halfToFloat(new Uint16Array(buffer))],
  i32: [4, (buffer) => new Int32Array(buffer)],
  i64: [8, (buffer) => Array.from(new BigInt64Array(buffer), Number)],
  i8: [1, (buffer) => new Int8Array(buffer)],
  u8: [1, (buffer) => new Uint8Array(buffer)],
};

/** A model's graph, as `readIR` returns it. */
export class IRFile {
  readonly #byName: ReadonlyMap<string, IRLayer>;

  constructor(
    /** The path of the .xml. */
    readonly xml: string,
    /** In the order of the file, which is a topological order. */
    readonly layers: readonly IRLayer[],
  ) {
    this.#byName = new Map(layers.map((layer) => [layer.name, layer]));
  }

  /** The path of the weights. */
  get bin(): string {
    return this.xml.replace(/\.xml$/, '.bin');
  }

  /** @throws {ReadIRError} when there is no layer of this name */
  layer(name: string): IRLayer {
    checkArguments('layer', { name: [name, 'text'] });
    const found = this.#byName.get(name);
    if (!found)
      throw new ReadIRError(
        `${this.xml}: no layer ${quote(name)} among ${this.layers.length}. Look the name up in Netron, or in ` +
          `\`layers\`.`,
      );
    return found;
  }

  /**
   * A constant's values as numbers, and its shape. A `Convert` of a constant, the mark of compressed weights, is
   * looked through.
   *
   * @example
   * ir.values('vision_model.post_layernorm.weight') // { data: Float32Array(192) [1.02, …], shape: [1, 1, 192] }
   * @throws {ReadIRError} when the layer is no constant, of a type without whole bytes, or beyond the .bin
   */
  values(name: string): { readonly data: ArrayLike<number>; readonly shape: readonly number[] } {
    const named = this.layer(name);
    const layer = named.type === 'Convert' ? (named.inputs[0]?.layer ?? named) : named;
    const { element_type = '', shape: sizes = '' } = layer.attributes;
    const reader = Object.hasOwn(READERS, element_type) ? READERS[element_type] : undefined;
    if (layer.type !== 'Const' || !reader)
      throw new ReadIRError(
        `${this.xml}: layer ${quote(name)} is a ${layer.type} of ${quote(element_type)}, expected a constant of ` +
          `${Object.keys(READERS).join(', ')}. Name a constant.`,
      );
    const [bytes, read] = reader;
    const [offset, size] = [layer.attributes.offset, layer.attributes.size].map(Number);
    const shape = sizes.split(',').filter(Boolean).map(Number);
    const count = shape.reduce((product, dim) => product * dim, 1);
    if (!Number.isSafeInteger(offset) || offset < 0 || !Number.isSafeInteger(size) || size !== count * bytes)
      throw new ReadIRError(
        `${this.xml}: constant ${quote(layer.name)} has ${size} bytes at ${offset}, expected ${count * bytes} for ` +
          `${element_type}[${shape.join(', ')}]. ${ADVICE}`,
      );
    return { data: read(this.#bytes(layer.name, offset, size)), shape };
  }

  #bytes(name: string, offset: number, size: number): ArrayBuffer {
    if (!fs.statSync(this.bin, { throwIfNoEntry: false })?.isFile())
      throw new ReadIRError(`${this.bin} is missing or no file, expected the weights of ${this.xml}. ${ADVICE}`);
    const handle = fs.openSync(this.bin, 'r');
    try {
      const available = fs.fstatSync(handle).size;
      if (offset + size > available)
        throw new ReadIRError(
          `${this.bin} has ${available} bytes, expected ${offset + size} or more for ${quote(name)}. ${ADVICE}`,
        );
      const buffer = new ArrayBuffer(size);
      fs.readSync(handle, new Uint8Array(buffer), 0, size, offset);
      return buffer;
    } finally {
      fs.closeSync(handle);
    }
  }
}

/**
 * Reads the graph of an OpenVINO IR; of the .bin, only what `values` is asked for.
 *
 * @example
 * const ir = readIR('int8/blip_vision_model.xml');
 * ir.layers.filter(({ type }) => type === 'FakeQuantize').length // 31
 * @throws {ReadIRError} when the file is missing, too large, no IR, or has edges to layers that it lacks
 */
export function readIR(xml: string): IRFile {
  checkArguments('readIR', { xml: [xml, 'path'] });
  const text = readText(xml, { maxBytes: MAX_XML_BYTES, error: ReadIRError, advice: ADVICE });
  if (!/<net\s/.test(text) || !xml.endsWith('.xml'))
    throw new ReadIRError(`${xml}: got no <net> element in an .xml file, expected an OpenVINO IR. ${ADVICE}`);
  const byId = new Map<string, LayerBeingRead>();
  let current: LayerBeingRead | undefined;
  for (const [tag, element] of text.matchAll(/<(layer|data|edge|body)\b[^>]*>/g)) {
    const read = attributes(tag);
    if (element === 'body')
      throw new ReadIRError(`${xml}: a layer holds a graph of its own, which is not supported. Take another model.`);
    if (element === 'layer') {
      const { id, name = '', type = '' } = read;
      current = { id: Number(id), name, type, attributes: {}, inputs: [] };
      byId.set(id, current);
    } else if (element === 'data' && current) {
      current.attributes = read;
      current = undefined; // a layer has one
    } else if (element === 'edge') {
      const [from, to] = [byId.get(read['from-layer']), byId.get(read['to-layer'])];
      const [port, place] = [read['from-port'], read['to-port']].map(Number);
      if (!from || !to || !(place >= 0 && place <= byId.size))
        throw new ReadIRError(`${xml}: an edge ${quote(tag)} to a layer that is not there. ${ADVICE}`);
      to.inputs[place] = { layer: from, port };
    }
  }
  return new IRFile(xml, [...byId.values()]);
}

const ENTITIES: Readonly<Record<string, string>> = { lt: '<', gt: '>', quot: '"', apos: "'", amp: '&' };

function attributes(tag: string): Record<string, string> {
  return Object.fromEntries(
    [...tag.matchAll(/\s([\w-]+)="([^"]*)"/g)].map(([, name, value]) => [
      name,
      value.replace(/&(lt|gt|quot|apos|amp);/g, (_, entity: string) => ENTITIES[entity]),
    ]),
  );
}
