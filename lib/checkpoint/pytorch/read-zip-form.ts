// torch.save's form since PyTorch 1.6: a ZIP archive of one folder (any name) with data.pkl, byteorder, and data/KEY
// for each storage.
import { quote } from '../../core/quote';
import { PyTorchFileError } from '../errors';
import type { FileReader } from '../file-reader';
import { ByteCursor } from './byte-cursor';
import { interpretPickle } from './interpret-pickle';
import { parseStorageId, Storages, type TorchObject } from './torch-object';
import { readZipDirectory, type ZipEntry } from './zip-directory';

const PICKLE = 'data.pkl';
/** A checkpoint's pickle takes about 150 bytes per tensor; the numbers themselves are elsewhere. */
const MAX_PICKLE_BYTES = 1 << 26;
const BYTE_ORDERS = ['little', 'big'];

export function readZipForm(file: FileReader): TorchObject {
  const entries = readZipDirectory(file);
  const folder = findFolder(file, [...entries.keys()]);
  const pickle = entryOf(file, entries, `${folder}/${PICKLE}`);
  if (pickle.size > MAX_PICKLE_BYTES)
    throw new PyTorchFileError(
      `${file.path}: ${PICKLE} has ${pickle.size} bytes, expected at most ${MAX_PICKLE_BYTES}. Save the weights ` +
        'alone: torch.save(model.state_dict(), file).',
    );
  const storages = new Storages();
  const cursor = new ByteCursor(file, pickle.position, pickle.position + pickle.size, PICKLE);
  const root = interpretPickle(cursor, (id, context) => {
    const storage = parseStorageId(id, context);
    const place = (): { position: number } => {
      const bytes = storage.count * storage.type.valueBytes;
      const name = `${folder}/data/${storage.key}`;
      const entry = bytes === 0 ? entries.get(name) : entryOf(file, entries, name);
      if (entry && entry.size !== bytes)
        context.fail(
          `storage ${quote(storage.key)} is said to have ${bytes} bytes, but ${quote(entry.name)} has ` +
            `${entry.size}. The file is damaged; download it again.`,
        );
      return { position: entry?.position ?? 0 };
    };
    return storages.get(storage, place, context);
  });
  return { root, bigEndian: byteOrder(file, entries.get(`${folder}/byteorder`)) === 'big' };
}

function entryOf(file: FileReader, entries: ReadonlyMap<string, ZipEntry>, name: string): ZipEntry {
  const entry = entries.get(name);
  if (!entry)
    throw new PyTorchFileError(
      `${file.path}: the archive has no entry ${quote(name)}. The file is damaged; download it again.`,
    );
  return entry;
}

/**
 * The archive's one folder: that of the first entry, as torch takes it, or the only one with a data.pkl (an archive
 * packed anew).
 */
function findFolder(file: FileReader, names: readonly string[]): string {
  const folders = names
    .filter((name) => /^[^/]+\/data\.pkl$/.test(name))
    .map((name) => name.slice(0, -PICKLE.length - 1));
  const first = names[0]?.split('/')[0];
  const folder = folders.length === 1 ? folders[0] : folders.find((name) => name === first);
  if (folder === undefined)
    throw new PyTorchFileError(
      `${file.path}: a ZIP archive without FOLDER/${PICKLE} (found ` +
        `${names.slice(0, 5).map(quote).join(', ') || 'nothing'}). ` +
        'Expected a file that torch.save wrote.',
    );
  if (names.includes(`${folder}/constants.pkl`))
    throw new PyTorchFileError(
      `${file.path}: a TorchScript program (torch.jit.save), expected weights. Save these with ` +
        'torch.save(model.state_dict(), "pytorch_model.bin").',
    );
  return folder;
}

/** Little-endian where the file does not say, as torch takes it. */
function byteOrder(file: FileReader, entry: ZipEntry | undefined): string {
  if (!entry) return 'little';
  const name = file.read(entry.position, Buffer.alloc(Math.min(entry.size, 16))).toString();
  if (!BYTE_ORDERS.includes(name))
    throw new PyTorchFileError(
      `${file.path}: byteorder is ${quote(name)}, expected ${BYTE_ORDERS.join(' or ')}. The file is damaged; ` +
        'download it again.',
    );
  return name;
}
