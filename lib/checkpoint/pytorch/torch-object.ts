// What both forms of torch's files hold: an object, and the storages that its tensors are views of.
import { describeValue, PickleTuple, type CallContext, type PickleValue } from './pickle-values';
import { isCount, Storage, StorageType, type StoragePlace } from './torch-tensors';

export interface TorchObject {
  readonly root: PickleValue;
  /** Whether storages hold the bytes of each value in the order of big-endian machines. */
  readonly bigEndian: boolean;
}

/** `('storage', type, key, location, numel)`, and in the legacy form a sixth item, `view_metadata`. */
export interface StorageId {
  readonly type: StorageType;
  readonly key: string;
  readonly count: number;
  readonly view: PickleValue | undefined;
}

/** What the pickle refers to outside of itself. The location (a device) does not matter here. */
export function parseStorageId(id: PickleValue, context: CallContext): StorageId {
  const [kind, type, key, , count, view] = id instanceof PickleTuple ? id.items : [];
  if (kind !== 'storage')
    return context.fail(
      kind === 'module'
        ? 'holds a whole model instead of its weights. Save these alone: torch.save(model.state_dict(), ' +
            '"pytorch_model.bin").'
        : `refers to ${describeValue(kind ?? id)}, expected a storage. The file is damaged.`,
    );
  if (!(type instanceof StorageType) || typeof key !== 'string' || !isCount(count))
    return context.fail(
      `refers to a storage of type ${describeValue(type)}, key ${describeValue(key)} and ${describeValue(count)} ` +
        'values. The file is damaged.',
    );
  return { type, key, count, view };
}

/** The storages of a file, each made at its first mention. */
export class Storages {
  readonly #byKey = new Map<string, Storage>();

  /** @param place finds the storage's bytes */
  get({ type, key, count }: StorageId, place: () => StoragePlace, context: CallContext): Storage {
    const known = this.#byKey.get(key);
    if (!known) {
      const storage = new Storage(key, type, count, place());
      this.#byKey.set(key, storage);
      return storage;
    }
    if (known.type !== type || known.count !== count)
      context.fail(
        `storage "${key}" is once ${known.count} values of ${known.type.name}, once ${count} of ${type.name}. ` +
          'The file is damaged.',
      );
    return known;
  }

  find(key: string): Storage | undefined {
    return this.#byKey.get(key);
  }

  keys(): Iterable<string> {
    return this.#byKey.keys();
  }
}
