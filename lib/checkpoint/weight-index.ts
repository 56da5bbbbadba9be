// The index of a sharded checkpoint (model.safetensors.index.json, pytorch_model.bin.index.json): which file holds
// which tensor.
import { describeValue } from '../core/describe-value';
import { quote } from '../core/quote';
import { readJSON } from '../core/read-json';
import { CheckpointError } from './errors';

/** The largest published indexes have some ten megabytes; BLIP's would have 60 kB. */
const MAX_BYTES = 64 * 2 ** 20;
/** A name in the same folder or below it: an index must not lead anywhere else. */
const PLAIN_NAME = /^(?:[\w-][\w.-]*\/){0,4}[\w-][\w.-]*$/;

/**
 * @returns the file's name for each tensor's name
 * @throws {CheckpointError} when it is not JSON, has no `weight_map`, or names a file elsewhere
 */
export function readWeightIndex(file: string): ReadonlyMap<string, string> {
  const json = readJSON(file, { maxBytes: MAX_BYTES, error: CheckpointError });
  const map = typeof json === 'object' && json !== null && 'weight_map' in json ? json.weight_map : undefined;
  if (typeof map !== 'object' || map === null || Array.isArray(map))
    throw new CheckpointError(
      `${file}: "weight_map" is missing; expected an object that names the file of each tensor. Download the ` +
        'file again.',
    );
  const shards = new Map<string, string>();
  const entries: [string, unknown][] = Object.entries(map);
  for (const [tensor, given] of entries) {
    const shard = typeof given === 'string' ? given.replace(/^\.\//, '') : given;
    if (typeof shard !== 'string' || !PLAIN_NAME.test(shard))
      throw new CheckpointError(`${file}: shard ${describeValue(shard)} of ${quote(tensor)} is not a plain file name.`);
    shards.set(tensor, shard);
  }
  if (shards.size === 0) throw new CheckpointError(`${file}: "weight_map" names no tensors. Download the file again.`);
  return shards;
}
