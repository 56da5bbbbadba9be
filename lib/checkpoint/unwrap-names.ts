// Names of tensors without what training wrappers put in front of them.
import { quote } from '../core/quote';
import type { CheckpointTensor } from './checkpoint-tensor';
import { renameTensor } from './checkpoint-tensor';
import { CheckpointError } from './errors';

type Tensors = ReadonlyMap<string, CheckpointTensor>;

/** DataParallel and DistributedDataParallel, torch.compile, and the usual attribute of a LightningModule. */
const WRAPPERS = ['module.', '_orig_mod.', 'model.'];

/**
 * Takes off a wrapper's prefix where every tensor has it, one wrapper after the other.
 *
 * @example
 * unwrapNames(new Map([['module.itm_head.weight', tensor]])).keys() // 'itm_head.weight'
 */
export function unwrapNames(tensors: Tensors): Tensors {
  const names = [...tensors.keys()];
  let prefix = '';
  for (;;) {
    const next = WRAPPERS.map((wrapper) => prefix + wrapper).find((longer) =>
      names.every((name) => name.startsWith(longer)),
    );
    if (next === undefined || names.length === 0) break;
    prefix = next;
  }
  return prefix === '' ? tensors : renameTensors(tensors, (name) => name.slice(prefix.length));
}

/**
 * @param rename the new name, or undefined to leave a tensor out
 * @throws {CheckpointError} when two tensors would have one name
 */
export function renameTensors(tensors: Tensors, rename: (name: string) => string | undefined): Tensors {
  const renamed = new Map<string, CheckpointTensor>();
  for (const [name, tensor] of tensors) {
    const now = rename(name);
    if (now === undefined) continue;
    if (renamed.has(now))
      throw new CheckpointError(`${tensor.path}: two tensors, one of them ${quote(name)}, stand for ${quote(now)}.`);
    renamed.set(now, now === name ? tensor : renameTensor(tensor, now));
  }
  return renamed;
}
