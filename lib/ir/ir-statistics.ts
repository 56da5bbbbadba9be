// The precision of an IR: counts and sizes of its constants per element type, and its FakeQuantize nodes.
// Reads the .xml layer by layer as text, and not the weights.
import * as fs from 'node:fs';
import * as readline from 'node:readline';
import { checkArguments } from '../core/check-arguments';
import { quote } from '../core/quote';
import { BlipError } from '../core/errors';

/** An .xml or its .bin is missing, or the .xml is not an IR. */
export class IrStatisticsError extends BlipError {}

export interface ConstantStatistics {
  readonly count: number;
  readonly bytes: number;
}

export interface IrStatistics {
  readonly operations: number;
  /** Places where activations are quantized. */
  readonly fakeQuantize: number;
  /** By element type as the .xml names it: f32, f16, u8, i8, u4, i4, i64, … */
  readonly constants: Readonly<Record<string, ConstantStatistics>>;
  /** Constants of the types u8, i8, u4 and i4 together: the compressed weights and their zero points. */
  readonly integerConstants: ConstantStatistics;
  readonly xmlBytes: number;
  readonly binBytes: number;
}

/** A graph of BLIP-large has 2 MB; weights are in the .bin. */
const MAX_XML_BYTES = 256 * 2 ** 20;
const LOW_PRECISION = ['u8', 'i8', 'u4', 'i4'];

/**
 * @example
 * (await irStatistics('int8/model.xml')).fakeQuantize // 41
 * @throws {IrStatisticsError} when the .xml or its .bin is missing, or the .xml is not an IR
 */
export async function irStatistics(xml: string): Promise<IrStatistics> {
  checkArguments('irStatistics', { xml: [xml, 'path'] });
  const bin = xml.replace(/\.xml$/, '.bin');
  for (const file of [xml, bin]) {
    const state = fs.statSync(file, { throwIfNoEntry: false });
    if (!state?.isFile())
      throw new IrStatisticsError(
        `${file} is ${state ? 'no file' : 'missing'}: expected an OpenVINO IR: an .xml and a .bin of the same name.`,
      );
    if (file === xml && state.size > MAX_XML_BYTES)
      throw new IrStatisticsError(`${xml} has ${state.size} bytes; expected at most ${MAX_XML_BYTES}: it is no graph.`);
  }
  let operations = 0;
  let fakeQuantize = 0;
  let isNet = false;
  let inConstant = false;
  const found = new Map<string, ConstantStatistics>();
  for await (const line of readline.createInterface({ input: fs.createReadStream(xml), crlfDelay: Infinity })) {
    if (/<net\s/.test(line)) isNet = true;
    for (const [tag] of line.matchAll(/<(layer|data)\s[^>]*>/g)) {
      if (tag.startsWith('<layer')) {
        const type = attribute(tag, 'type');
        operations++;
        inConstant = type === 'Const';
        if (type === 'FakeQuantize') fakeQuantize++;
      } else if (inConstant) {
        const element = attribute(tag, 'element_type') ?? 'unknown';
        const { count, bytes } = found.get(element) ?? { count: 0, bytes: 0 };
        const size = attribute(tag, 'size') ?? '0';
        if (!/^\d{1,15}$/.test(size))
          throw new IrStatisticsError(
            `${xml}: a constant has the size ${quote(size)}, expected a number of bytes. Convert the model again.`,
          );
        found.set(element, { count: count + 1, bytes: bytes + Number(size) });
      }
    }
  }
  if (!isNet)
    throw new IrStatisticsError(`${xml}: got no <net> element, expected an OpenVINO IR. Convert the model again.`);
  const constants = Object.fromEntries(found);
  const low = LOW_PRECISION.flatMap((type) => found.get(type) ?? []);
  return {
    operations,
    fakeQuantize,
    constants,
    integerConstants: {
      count: low.reduce((sum, { count }) => sum + count, 0),
      bytes: low.reduce((sum, { bytes }) => sum + bytes, 0),
    },
    xmlBytes: fs.statSync(xml).size,
    binBytes: fs.statSync(bin).size,
  };
}

function attribute(tag: string, name: string): string | undefined {
  return new RegExp(`\\s${name}="([^"]*)"`).exec(tag)?.[1];
}
