// Storages and tensors as a pickle of torch's describes them: checked against each other, their values still on disk.
import { DTYPE_BYTES, type CheckpointDType } from '../checkpoint-tensor';
import { countOf, type StridedLayout } from '../strided-layout';
import {
  describeValue,
  PickleDict,
  PickleGlobal,
  PickleTuple,
  type CallContext,
  type PickleValue,
} from './pickle-values';

/** torch's own limit. */
const MAX_DIMENSIONS = 64;
/**
 * A view may repeat values (`expand`), so that its size is not bounded by the file's. Larger repeated ones than this
 * are no weights: it is enough for the position ids and masks that models keep, and little memory.
 */
const MAX_REPEATED_VALUES = 1 << 22;

/** A class of storages, such as torch.FloatStorage; of bytes when it has no dtype. */
export class StorageType extends PickleGlobal {
  constructor(
    name: string,
    readonly dtype: CheckpointDType | undefined,
  ) {
    super(name);
  }
  get valueBytes(): number {
    return DTYPE_BYTES[this.dtype ?? 'U8'];
  }
}

/** A constant such as torch.float32. */
export class TorchDType extends PickleGlobal {
  constructor(
    name: string,
    readonly dtype: CheckpointDType,
  ) {
    super(name);
  }
}

/** Where a storage's bytes lie. In the legacy form this is known only when the pickle has been read. */
export interface StoragePlace {
  position: number | undefined;
}

/** Memory that tensors are views of. */
export class Storage {
  constructor(
    readonly key: string,
    readonly type: StorageType,
    /** In values of its type. */
    readonly count: number,
    readonly place: StoragePlace,
    /** Values before it in the place, when it is a part of another storage. */
    readonly offset = 0,
  ) {}
}

export class TensorView {
  constructor(
    readonly storage: Storage,
    readonly dtype: CheckpointDType,
    readonly layout: StridedLayout,
  ) {}
  get shape(): readonly number[] {
    return this.layout.shape;
  }
}

/** `(storage, storage_offset, size, stride, requires_grad, backward_hooks, metadata)` */
export function rebuildTensorV2(args: readonly PickleValue[], context: CallContext): TensorView {
  const [storage, offset, size, stride, , , metadata] = args;
  checkMetadata(metadata, context);
  return rebuild(storage, undefined, [offset, size, stride], context);
}

/**
 * For dtypes that have no class of storages: `(storage, storage_offset, size, stride, requires_grad, backward_hooks,
 * dtype, metadata)`
 */
export function rebuildTensorV3(args: readonly PickleValue[], context: CallContext): TensorView {
  const [storage, offset, size, stride, , , dtype, metadata] = args;
  checkMetadata(metadata, context);
  if (!(dtype instanceof TorchDType)) return context.fail(`the dtype of a tensor is ${describeValue(dtype)}.`);
  return rebuild(storage, dtype.dtype, [offset, size, stride], context);
}

/** A tensor may be marked as the conjugate or the negative of what is stored. */
function checkMetadata(metadata: PickleValue | undefined, context: CallContext): void {
  if (!(metadata instanceof PickleDict)) return;
  for (const [key, value] of metadata.entries)
    if (value === true)
      context.fail(
        `a tensor is stored as the ${describeValue(key)} view of its values. Save it with ` +
          '.resolve_conj().resolve_neg().',
      );
}

function rebuild(
  storage: PickleValue | undefined,
  ownDType: CheckpointDType | undefined,
  [offset, size, stride]: readonly (PickleValue | undefined)[],
  context: CallContext,
): TensorView {
  if (!(storage instanceof Storage)) return context.fail(`a tensor's storage is ${describeValue(storage)}.`);
  const dtype = ownDType ?? storage.type.dtype;
  if (!dtype) return context.fail(`a tensor of storage "${storage.key}" has no dtype.`);
  const shape = countsOf(size, 'size', context);
  const strides = countsOf(stride, 'stride', context);
  if (!isCount(offset)) return context.fail(`a tensor's storage offset is ${describeValue(offset)}.`);
  if (shape.length !== strides.length)
    return context.fail(`a tensor has ${shape.length} sizes and ${strides.length} strides.`);
  const view = new TensorView(storage, dtype, { offset, shape, strides });
  checkBounds(view, context);
  return view;
}

function checkBounds({ storage, dtype, layout }: TensorView, context: CallContext): void {
  const { shape, strides, offset } = layout;
  const available = Math.floor((storage.count * storage.type.valueBytes) / DTYPE_BYTES[dtype]);
  const text = `[${shape.join(', ')}]`;
  const count = countOf(shape);
  // Every axis counts, for a 0 must not hide what overflows.
  if (!Number.isSafeInteger(shape.reduce((product, dim) => product * Math.max(dim, 1), 8)))
    context.fail(`the shape ${text} of a tensor overflows.`);
  if (count === 0) return;
  const end = shape.reduce((sum, dim, axis) => sum + (dim - 1) * strides[axis], offset + 1);
  if (!(end <= available))
    context.fail(
      `a tensor ${text} with strides [${strides.join(', ')}] reaches value ${end} of storage "${storage.key}", ` +
        `which has ${available}.`,
    );
  if (count > Math.max(available, MAX_REPEATED_VALUES))
    context.fail(
      `a tensor ${text} repeats the ${available} values of storage "${storage.key}". Save it with .contiguous().`,
    );
}

function countsOf(value: PickleValue | undefined, what: string, context: CallContext): readonly number[] {
  const items = value instanceof PickleTuple ? value.items : undefined;
  if (items && items.length > MAX_DIMENSIONS)
    // before looking at them: one long tuple may stand for many tensors' sizes
    return context.fail(`a tensor's ${what} has ${items.length} dimensions, expected at most ${MAX_DIMENSIONS}.`);
  const counts = items?.filter(isCount) ?? [];
  if (!items || counts.length !== items.length)
    return context.fail(`a tensor's ${what} is ${describeValue(value)}, expected whole numbers from 0.`);
  return counts;
}

export function isCount(value: PickleValue | undefined): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}
