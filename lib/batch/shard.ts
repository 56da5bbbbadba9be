// Divides any input into parts that have no image in common, for several processes or machines.
import { createHash } from 'node:crypto';
import * as path from 'node:path';
import { checkArguments } from '../core/check-arguments';
import { BatchError } from './batch-error';

/** Part `index`, from 0, of `count`. */
export interface Shard {
  readonly index: number;
  readonly count: number;
}

/** More parts than there are machines anywhere. */
const MAX_SHARDS = 100_000;
const DIGITS = 5;

/**
 * @param text `index/count`, the first is 0
 * @example
 * parseShard('3/16') // { index: 3, count: 16 }
 * @throws {BatchError}
 */
export function parseShard(text: string): Shard {
  checkArguments('parseShard', { text: [text, 'text'] });
  const [, index, count] = /^(\d{1,6})\/(\d{1,6})$/.exec(text.trim()) ?? [];
  if (index === undefined || count === undefined)
    throw new BatchError(`The shard is ${JSON.stringify(text)}; expected index/count, such as 0/16 to 15/16.`);
  return checkShard({ index: Number(index), count: Number(count) });
}

/** @throws {BatchError} */
export function checkShard({ index, count }: Shard): Shard {
  if (!Number.isSafeInteger(count) || count < 1 || count > MAX_SHARDS)
    throw new BatchError(`The shard count is ${count}; expected a whole number from 1 to ${MAX_SHARDS}.`);
  if (!Number.isSafeInteger(index) || index < 0 || index >= count)
    throw new BatchError(`The shard is ${index}/${count}; the first is 0/${count}, the last ${count - 1}/${count}.`);
  return { index, count };
}

/**
 * Whether an image belongs to a part. It depends on nothing but its name, so that further images move none: the first
 * 32 bits of the SHA-256 of the name below the input, modulo the count.
 *
 * @example
 * isInShard('beach/1.jpg', { index: 10, count: 16 }) // true
 */
export function isInShard(key: string, { index, count }: Shard): boolean {
  return createHash('sha256').update(key).digest().readUInt32BE(0) % count === index;
}

/**
 * The name of a part's output. In the order of the names the parts are in the order of their numbers.
 *
 * @example
 * shardName('out.jsonl', { index: 3, count: 16 }) // 'out-00003-of-00016.jsonl'
 */
export function shardName(file: string, { index, count }: Shard): string {
  const { dir, name, ext } = path.parse(file);
  const digits = (n: number): string => String(n).padStart(DIGITS, '0');
  return path.join(dir, `${name}-${digits(index)}-of-${digits(count)}${ext}`);
}
