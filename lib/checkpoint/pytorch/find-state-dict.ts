// Finds the weights in what a file of torch's holds: a state dict, or a training script's dictionary with one in it.
import { quote } from '../../core/quote';
import { PyTorchFileError } from '../errors';
import { describeValue, PickleDict, type PickleValue } from './pickle-values';
import { TensorView } from './torch-tensors';

/**
 * Where training scripts put the state dict: BLIP's own, Lightning, many others, DeepSpeed. In order of preference,
 * before any other.
 */
const WRAPPERS = ['model', 'state_dict', 'model_state_dict', 'module'];
/** More names hide what they have in common. */
const MAX_LISTED = 8;

/**
 * @param path names the file in errors
 * @returns the tensors by their names; whatever else the state dict holds is no weight
 */
export function findStateDict(root: PickleValue, path: string): ReadonlyMap<string, TensorView> {
  for (const key of WRAPPERS) {
    const tensors = tensorsOf(itemOf(root, key));
    if (tensors.size > 0) return tensors;
  }
  const own = tensorsOf(root);
  const nested = nestedTensors(root).filter(({ tensors }) => tensors.size > own.size);
  if (nested.length > 1)
    throw new PyTorchFileError(
      `${path}: holds several state dicts, under ${nested
        .map(({ key }) => quote(key))
        .slice(0, MAX_LISTED)
        .join(', ')}, ` +
        `expected one, or one of them under ${WRAPPERS.map(quote).join(', ')}. Save the weights of the model alone.`,
    );
  if (nested.length === 1) return nested[0].tensors;
  if (own.size > 0) return own;
  const keys = root instanceof PickleDict ? [...root.entries.keys()].slice(0, MAX_LISTED).map(describeValue) : [];
  throw new PyTorchFileError(
    `${path}: holds ${describeValue(root)}${keys.length > 0 ? ` with the keys ${keys.join(', ')}` : ''}, ` +
      'expected a dict of tensors, ' +
      `or one under ${WRAPPERS.map(quote).join(', ')}. Save the weights alone: torch.save(model.state_dict(), ` +
      '"pytorch_model.bin").',
  );
}

function tensorsOf(value: PickleValue | undefined): ReadonlyMap<string, TensorView> {
  const tensors = new Map<string, TensorView>();
  if (!(value instanceof PickleDict)) return tensors;
  for (const [name, item] of value.entries)
    if (typeof name === 'string' && item instanceof TensorView) tensors.set(name, item);
  return tensors;
}

/** State dicts under other names than the usual: `net`, `params`, `model_ema`. */
function nestedTensors(
  root: PickleValue,
): { readonly key: string; readonly tensors: ReadonlyMap<string, TensorView> }[] {
  if (!(root instanceof PickleDict)) return [];
  return [...root.entries].flatMap(([key, value]) =>
    typeof key === 'string' ? [{ key, tensors: tensorsOf(value) }] : [],
  );
}

function itemOf(root: PickleValue, key: string): PickleValue | undefined {
  return root instanceof PickleDict ? root.entries.get(key) : undefined;
}
