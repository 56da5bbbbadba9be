// Finds the weights in what a file of torch's holds: a state dict, or a training script's dictionary with one in it.
import { quote } from '../../core/quote';
import { PyTorchFileError } from '../errors';
import { describeValue, PickleDict, type PickleValue } from './pickle-values';
import { TensorView } from './torch-tensors';

/** Where training scripts put the state dict: BLIP's own, Lightning, many others, DeepSpeed. In order of preference. */
const WRAPPERS = ['model', 'state_dict', 'model_state_dict', 'module'];
/** More names hide what they have in common. */
const MAX_LISTED = 8;

/**
 * @param path names the file in errors
 * @returns the tensors by their names; whatever else the state dict holds is no weight
 */
export function findStateDict(root: PickleValue, path: string): ReadonlyMap<string, TensorView> {
  for (const candidate of [...WRAPPERS.map((key) => itemOf(root, key)), root]) {
    if (!(candidate instanceof PickleDict)) continue;
    const tensors = new Map<string, TensorView>();
    for (const [name, value] of candidate.entries)
      if (typeof name === 'string' && value instanceof TensorView) tensors.set(name, value);
    if (tensors.size > 0) return tensors;
  }
  const keys = root instanceof PickleDict ? [...root.entries.keys()].slice(0, MAX_LISTED).map(describeValue) : [];
  throw new PyTorchFileError(
    `${path}: holds ${describeValue(root)}${keys.length > 0 ? ` with the keys ${keys.join(', ')}` : ''}, expected a dict of tensors, ` +
      `or one under ${WRAPPERS.map(quote).join(', ')}. Save the weights alone: torch.save(model.state_dict(), "pytorch_model.bin").`,
  );
}

function itemOf(root: PickleValue, key: string): PickleValue | undefined {
  return root instanceof PickleDict ? root.entries.get(key) : undefined;
}
