// torch.save's form before PyTorch 1.6: five pickles (a magic number, a version, facts about the machine, the object,
// the keys of its storages), then each storage's length and bytes, in the order of the keys. Always little-endian,
// whatever machine wrote it.
import { quote } from '../../core/quote';
import { PyTorchFileError } from '../errors';
import type { FileReader } from '../file-reader';
import { ByteCursor } from './byte-cursor';
import { interpretPickle } from './interpret-pickle';
import { describeValue, PickleList, PickleTuple, type CallContext, type PickleValue } from './pickle-values';
import { parseStorageId, Storages, type TorchObject } from './torch-object';
import { isCount, Storage, type StoragePlace } from './torch-tensors';

const MAGIC = 0x1950a86a20f9469cfc6cn;
const VERSION = 1001;
/**
 * Of all five pickles: their numbers are elsewhere. Without a limit, a damaged file would be taken for a pickle as a
 * whole.
 */
const MAX_PICKLE_BYTES = 1 << 26;
/** In front of a storage: how many values it has. */
const LENGTH_BYTES = 8;

export function readLegacyForm(file: FileReader): TorchObject {
  const cursor = new ByteCursor(file, 0, Math.min(file.size, MAX_PICKLE_BYTES), 'pickle');
  const noStorages = (id: PickleValue, context: CallContext): never =>
    context.fail(`refers to ${describeValue(id)}, expected no reference here.`);
  const magic = interpretPickle(cursor, noStorages);
  if (magic !== MAGIC)
    throw new PyTorchFileError(
      `${file.path}: a pickle that does not begin with torch's magic number (got ${describeValue(magic)}). ` +
        'Expected a file that torch.save wrote.',
    );
  const version = interpretPickle(cursor, noStorages);
  if (version !== VERSION)
    throw new PyTorchFileError(
      `${file.path}: version ${describeValue(version)} of torch's legacy format, expected ${VERSION}. Save it ` +
        'again with a current PyTorch.',
    );
  interpretPickle(cursor, noStorages); // facts about the machine that wrote it, which the format does not depend on
  const storages = new Storages();
  const places = new Map<string, StoragePlace>();
  const root = interpretPickle(cursor, (id, context) => {
    const storageId = parseStorageId(id, context);
    const place = (): StoragePlace => {
      const unknown: StoragePlace = { position: undefined };
      places.set(storageId.key, unknown);
      return unknown;
    };
    return viewOf(storages.get(storageId, place, context), storageId.view, context);
  });
  const keys = interpretPickle(cursor, noStorages);
  placeStorages(file, cursor.position, keys, storages, places);
  return { root, bigEndian: false };
}

/** PyTorch before 0.4 shares a storage's parts: `(key of the part, offset, size)`. */
function viewOf(storage: Storage, view: PickleValue | undefined, context: CallContext): Storage {
  if (view === undefined || view === null) return storage;
  const [key, offset, size] = view instanceof PickleTuple ? view.items : [];
  if (typeof key !== 'string' || !isCount(offset) || !isCount(size) || offset + size > storage.count)
    return context.fail(
      `a part of storage ${quote(storage.key)} is values ${describeValue(offset)} and ${describeValue(size)} ` +
        `more, expected a part of ${storage.count}. The file is damaged.`,
    );
  return new Storage(key, storage.type, size, storage.place, offset);
}

function placeStorages(
  file: FileReader,
  begin: number,
  keys: PickleValue,
  storages: Storages,
  places: ReadonlyMap<string, StoragePlace>,
): void {
  if (!(keys instanceof PickleList))
    throw new PyTorchFileError(
      `${file.path}: the storages' keys are ${describeValue(keys)}, expected a list. The file is damaged; ` +
        'download it again.',
    );
  let at = begin;
  for (const key of keys.items) {
    const storage = typeof key === 'string' ? storages.find(key) : undefined;
    const place = storage && places.get(storage.key);
    if (!storage || !place || place.position !== undefined)
      throw new PyTorchFileError(
        `${file.path}: lists the storage ${describeValue(key)} ${place ? 'twice' : 'that no tensor uses'}. The ` +
          'file is damaged; download it again.',
      );
    const bytes = storage.count * storage.type.valueBytes;
    if (at + LENGTH_BYTES + bytes > file.size)
      throw new PyTorchFileError(
        `${file.path}: ends at byte ${file.size}, but storage ${quote(storage.key)} of ${bytes} bytes begins at ` +
          `${at + LENGTH_BYTES}. The download may be incomplete.`,
      );
    const count = Number(file.read(at, Buffer.alloc(LENGTH_BYTES)).readBigUInt64LE());
    if (count !== storage.count)
      throw new PyTorchFileError(
        `${file.path}: storage ${quote(storage.key)} has ${count} values at byte ${at}, expected ` +
          `${storage.count}. The file is damaged; download it again.`,
      );
    place.position = at + LENGTH_BYTES;
    at += LENGTH_BYTES + bytes;
  }
  for (const [key, { position }] of places)
    if (position === undefined)
      throw new PyTorchFileError(
        `${file.path}: a tensor uses storage ${quote(key)}, which the file does not hold. It is damaged; ` +
          'download it again.',
      );
}
