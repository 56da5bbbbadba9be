// What quantization did, as table rows: NNCF's counts, what the files hold now, and how large they are.
import { checkArguments } from '../core/check-arguments';
import type { ComparedModels, ComparedSizes } from '../evaluation';
import type { QuantizedBlip } from '../optimize';
import { decimals, kilobytes, percent } from './format-number';

/** Parts of a quantized model by name; parts of several runs may be put together. */
export type QuantizedParts = QuantizedBlip['parts'];

/** What NNCF did to one part. */
export interface QuantizationRow {
  readonly part: string;
  /** Nodes whose outliers were moved into the weights. */
  readonly smoothed: number;
  /** Nodes left in floating point. */
  readonly ignored: number;
  readonly 'biases corrected': number;
  readonly 'time s': string;
}

/** What NNCF did to the weights of one part. */
export interface CompressionRow {
  readonly part: string;
  readonly 'weights compressed': number;
  readonly 'time s': string;
}

/** What the file of one part holds. */
export interface ContentRow {
  readonly part: string;
  readonly FakeQuantize: number;
  readonly '8-bit constants': number;
  readonly 'KB in 8 bits': string;
  readonly 'KB in all': string;
}

/** The size of one part in both precisions. */
export interface SizeRow {
  readonly part: string;
  /** Sizes, such as `FP16 KB`, and the ratio. */
  readonly [column: string]: string;
}

/** The decoder with weights of this many bits. */
export interface DecoderBitsRow {
  readonly 'decoder bits': number;
  readonly 'decoder KB': string;
  readonly 'times smaller': string;
  readonly accuracy?: string;
}

/** @example quantizationRows(encoders.parts)[0] // { part: 'vision_model', smoothed: 20, ignored: 35, ... } */
export function quantizationRows(parts: QuantizedParts): QuantizationRow[] {
  return entriesOf('quantizationRows', parts).map(([part, { nncf }]) => ({
    part,
    smoothed: nncf.smooth_quant_nodes,
    ignored: nncf.ignored_nodes,
    'biases corrected': nncf.bias_corrected_nodes,
    'time s': decimals(nncf.seconds, 1),
  }));
}

/** @example compressionRows(decoder.parts) // [{ part: 'text_decoder', 'weights compressed': 27, 'time s': '0.6' }] */
export function compressionRows(parts: QuantizedParts): CompressionRow[] {
  return entriesOf('compressionRows', parts).map(([part, { nncf }]) => ({
    part,
    'weights compressed': nncf.compressed_weights,
    'time s': decimals(nncf.seconds, 1),
  }));
}

/** @example contentRows({ ...encoders.parts, ...decoder?.parts })[0].FakeQuantize // 31 */
export function contentRows(parts: QuantizedParts): ContentRow[] {
  return entriesOf('contentRows', parts).map(([part, { after }]) => ({
    part,
    FakeQuantize: after.fakeQuantize,
    '8-bit constants': after.integerConstants.count,
    'KB in 8 bits': kilobytes(after.integerConstants.bytes),
    'KB in all': kilobytes(after.binBytes),
  }));
}

/**
 * @param names of both precisions; `FP16` and `INT8` by default
 * @example sizeRows(compareSizes(fp16, int8))[0] // { part: 'vision_model', 'FP16 KB': '4658.40', ..., ratio: '1.953' }
 */
export function sizeRows(
  sizes: ComparedSizes,
  names: readonly [before: string, after: string] = ['FP16', 'INT8'],
): SizeRow[] {
  checkArguments('sizeRows', { names: [names, 'texts'] });
  return sizesOf('sizeRows', sizes).map(([part, { before, after, ratio }]) => ({
    part,
    [`${names[0]} KB`]: kilobytes(before),
    [`${names[1]} KB`]: kilobytes(after),
    ratio: decimals(ratio, 3),
  }));
}

/**
 * A decoder in two numbers of bits, with the accuracy of the whole model where it answers questions.
 *
 * @param bits before and after
 * @example
 * decoderBitsRows(await compareModels(int8Folder, int4Folder, samples), [8, 4])
 */
export function decoderBitsRows(
  compared: Pick<ComparedModels, 'sizes' | 'accuracy'>,
  bits: readonly [before: number, after: number],
): DecoderBitsRow[] {
  checkArguments('decoderBitsRows', { compared: [compared, ['sizes']], bits: [bits, 'numbers'] });
  const { sizes, accuracy } = compared;
  const [, size] = sizesOf('decoderBitsRows', sizes).find(([part]) => part === 'text_decoder') ?? [];
  if (!size) return [];
  return (['before', 'after'] as const).map((side, index) => ({
    'decoder bits': bits[index],
    'decoder KB': kilobytes(size[side]),
    'times smaller': decimals(size.before / size[side], 2),
    ...(accuracy && { accuracy: percent(accuracy[side]) }),
  }));
}

/** @throws {ArgumentError} when they are not what quantizeBlip returned */
function entriesOf(call: string, parts: QuantizedParts) {
  checkArguments(call, { parts: [parts, 'object'] });
  const entries = Object.entries(parts);
  for (const [part, each] of entries) {
    checkArguments(call, { [`parts.${part}`]: [each, ['nncf', 'after']] });
    const { nncf, after } = each;
    checkArguments(call, {
      [`parts.${part}.nncf`]: [nncf, ['seconds']],
      [`parts.${part}.after`]: [after, ['integerConstants', 'binBytes']],
    });
    checkArguments(call, { [`parts.${part}.after.integerConstants`]: [after.integerConstants, ['count', 'bytes']] });
  }
  return entries;
}

/** @throws {ArgumentError} when they are not what compareSizes returned */
export function sizesOf(call: string, sizes: ComparedSizes) {
  checkArguments(call, { sizes: [sizes, 'object'] });
  const entries = Object.entries(sizes);
  for (const [part, size] of entries) {
    checkArguments(call, { [`sizes.${part}`]: [size, ['before', 'after', 'ratio']] });
    const { before, after } = size;
    checkArguments(call, { [`sizes.${part}.before`]: [before, 'number'], [`sizes.${part}.after`]: [after, 'number'] });
  }
  return entries;
}
