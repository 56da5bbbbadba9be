// Names of tensors without what training wrappers put in front of them.
import { quote } from '../core/quote';
import type { CheckpointTensor } from './checkpoint-tensor';
import { renameTensor } from './checkpoint-tensor';
import { CheckpointError } from './errors';

type Tensors = ReadonlyMap<string, CheckpointTensor>;

/** DataParallel and DistributedDataParallel, torch.compile, and the usual attribute of a LightningModule. */
const WRAPPERS = ['module.', '_orig_mod.', 'model.'];

/**
 * A tensor that every BLIP has, by transformers' name and by the original repository's: whatever stands in front of it
 * is a wrapper's.
 */
const LANDMARKS = ['vision_model.embeddings.class_embedding', 'visual_encoder.cls_token'];

/**
 * Takes off what wrappers put in front of the names. Where a landmark tells the prefix, tensors without it are left
 * out: they belong to the training script (a loss with weights, the counter of an averaged model). Else the known
 * wrappers' prefixes are taken off, one after the other, where every tensor has them.
 *
 * @throws {CheckpointError} when the file holds several models
 * @example
 * unwrapNames(new Map([['module.itm_head.weight', tensor]])).keys() // 'itm_head.weight'
 */
export function unwrapNames(tensors: Tensors): Tensors {
  const names = [...tensors.keys()];
  const [landmark, ...others] = names.flatMap((name) => prefixOf(name) ?? []).sort((a, b) => a.length - b.length);
  if (landmark === '') return tensors;
  if (others.length > 0)
    throw new CheckpointError(
      `${tensors.values().next().value?.path}: holds several models, under ` +
        `${[landmark, ...others].map(quote).join(', ')}. Save the weights of one alone.`,
    );
  if (landmark !== undefined)
    return renameTensors(tensors, (name) => (name.startsWith(landmark) ? name.slice(landmark.length) : undefined));
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

/** What stands in front of a landmark: whole parts of the name, or nothing. */
function prefixOf(name: string): string | undefined {
  const landmark = LANDMARKS.find((each) => name === each || name.endsWith(`.${each}`));
  return landmark === undefined ? undefined : name.slice(0, -landmark.length);
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
