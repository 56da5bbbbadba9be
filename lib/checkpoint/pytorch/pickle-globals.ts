// The closed list of what a pickle may name: what torch and a training script need to write down weights. Nothing of it
// is executed; each name stands for a value, or for a function of our own that makes one. The list follows
// torch.load(weights_only=True), without what no checkpoint of BLIP can hold (sparse, quantized and nested tensors),
// and with what training scripts put beside weights: argparse.Namespace and single numbers of NumPy.
import { quote } from '../../core/quote';
import type { CheckpointDType } from '../checkpoint-tensor';
import {
  PickleDict,
  PickleGlobal,
  PickleList,
  PickleOpaque,
  PickleTuple,
  type CallContext,
  type PickleValue,
} from './pickle-values';
import { rebuildTensorV2, rebuildTensorV3, StorageType, TensorView, TorchDType } from './torch-tensors';

const STORAGES: Readonly<Record<string, CheckpointDType>> = {
  DoubleStorage: 'F64',
  FloatStorage: 'F32',
  HalfStorage: 'F16',
  BFloat16Storage: 'BF16',
  LongStorage: 'I64',
  IntStorage: 'I32',
  ShortStorage: 'I16',
  CharStorage: 'I8',
  ByteStorage: 'U8',
  BoolStorage: 'BOOL',
  ComplexFloatStorage: 'C64',
};

const DTYPES: Readonly<Record<string, CheckpointDType>> = {
  float64: 'F64',
  float32: 'F32',
  float16: 'F16',
  bfloat16: 'BF16',
  int64: 'I64',
  int32: 'I32',
  int16: 'I16',
  int8: 'I8',
  uint64: 'U64',
  uint32: 'U32',
  uint16: 'U16',
  uint8: 'U8',
  bool: 'BOOL',
  complex64: 'C64',
  float8_e5m2: 'F8_E5M2',
  float8_e4m3fn: 'F8_E4M3',
  float8_e8m0fnu: 'F8_E8M0',
  float8_e4m3fnuz: 'F8_E4M3FNUZ',
  float8_e5m2fnuz: 'F8_E5M2FNUZ',
};

/** What these make is not looked into. */
const OPAQUE = [
  'torch.device',
  '_codecs.encode',
  'argparse.Namespace',
  'numpy.dtype',
  'numpy.core.multiarray.scalar',
  'numpy._core.multiarray.scalar', // NumPy 2
];
/** Under their names in Python 3 and, as protocol 2 writes them, in Python 2. */
const OPAQUE_BUILTINS = ['set', 'frozenset', 'bytearray', 'complex'];

/** The functions that torch pickles a tensor as. `_rebuild_from_type_v2` may call these. */
const REBUILD = [
  new PickleGlobal('torch._utils._rebuild_tensor', rebuildTensorV2), // torch 0.3: the first four arguments of v2
  new PickleGlobal('torch._utils._rebuild_tensor_v2', rebuildTensorV2),
  new PickleGlobal('torch._utils._rebuild_tensor_v3', rebuildTensorV3),
  new PickleGlobal('torch._utils._rebuild_parameter', firstTensor),
  new PickleGlobal('torch._utils._rebuild_parameter_with_state', firstTensor),
];

const GLOBALS: ReadonlyMap<string, PickleGlobal> = new Map(
  [
    ...REBUILD,
    new PickleGlobal('torch._tensor._rebuild_from_type_v2', rebuildFromType),
    new PickleGlobal('torch.Tensor'),
    new PickleGlobal('torch.nn.parameter.Parameter'),
    new PickleGlobal('torch.Size', sizeOf),
    new PickleGlobal('collections.OrderedDict', orderedDict),
    new StorageType('torch.storage.UntypedStorage', undefined),
    ...Object.entries(STORAGES).map(([name, dtype]) => new StorageType(`torch.${name}`, dtype)),
    ...Object.entries(DTYPES).map(([name, dtype]) => new TorchDType(`torch.${name}`, dtype)),
    ...[...OPAQUE, ...OPAQUE_BUILTINS.flatMap((name) => [`builtins.${name}`, `__builtin__.${name}`])].map(
      (name) => new PickleGlobal(name, () => new PickleOpaque(name)),
    ),
  ].map((global) => [global.name, global]),
);

/** @returns undefined for a name that is not on the list */
export function findGlobal(name: string): PickleGlobal | undefined {
  return GLOBALS.get(name);
}

/** What to say of a name that is not on the list. */
export function refuseGlobal(name: string): string {
  const advice = /^(transformers|models|torch\.nn|lavis)\./.test(name)
    ? 'The file holds a whole model instead of its weights.'
    : 'A file of weights does not need it. If you do not trust the file, delete it.';
  return (
    `names ${quote(name)}, which is not allowed here; nothing of it was run. ${advice} ` +
    'Save the weights alone, in Python: torch.save(model.state_dict(), "pytorch_model.bin"), or ' +
    'model.save_pretrained(folder).'
  );
}

/** `(data, requires_grad, backward_hooks)`: a parameter is its tensor. */
function firstTensor([tensor]: readonly PickleValue[], context: CallContext): PickleValue {
  return tensor instanceof TensorView ? tensor : context.fail('a parameter holds no tensor.');
}

/** `(function, type, arguments, state)`: a tensor with attributes, which do not matter here. */
function rebuildFromType([make, , args]: readonly PickleValue[], context: CallContext): PickleValue {
  const known = REBUILD.find((each) => each === make);
  if (!known?.call || !(args instanceof PickleTuple)) return context.fail('a tensor with attributes is not one.');
  return known.call(args.items, context);
}

function sizeOf([sizes]: readonly PickleValue[], context: CallContext): PickleValue {
  return sizes instanceof PickleTuple ? sizes : context.fail('a torch.Size holds no tuple.');
}

/** Python 3 makes it empty and sets its items; Python 2 gives a list of pairs. */
function orderedDict([pairs]: readonly PickleValue[], context: CallContext): PickleValue {
  const dict = new PickleDict();
  if (pairs === undefined) return dict;
  if (!(pairs instanceof PickleList)) return context.fail('an OrderedDict is made from something else than pairs.');
  context.spend(pairs.items.length);
  for (const pair of pairs.items) {
    const items = pair instanceof PickleTuple || pair instanceof PickleList ? pair.items : [];
    if (items.length !== 2) return context.fail('an OrderedDict is made from something else than pairs.');
    dict.entries.set(items[0], items[1]);
  }
  return dict;
}
