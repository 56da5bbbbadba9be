// Images of a tar file, as WebDataset lays them out: `000017.jpg` beside `000017.json`. Read front to back, compressed
// or not, with one image in memory at a time.
import * as fs from 'node:fs';
import type { Parser as TarParser, ReadEntry } from 'tar';
import { isImageFile } from '../preprocessing/image-file';
import { BatchError } from './batch-error';
import type { BadItem, BatchItem } from './batch-item';

/** As much as is read of one file. */
const MAX_IMAGE_BYTES = 768 * 2 ** 20;

/** @throws {BatchError} when it cannot be read, or is cut short or damaged */
export async function* listTar(file: string): AsyncGenerator<BatchItem | BadItem, void, undefined> {
  const { Parser }: { Parser: typeof TarParser } = require('tar');
  const ready: (BatchItem | BadItem)[] = [];
  let failure: BatchError | undefined;
  const fail = (error: unknown): void => {
    const reason = error instanceof Error ? error.message : String(error);
    failure ??= new BatchError(`${file}: cannot be read as tar: ${reason}. Download or write it again.`);
  };
  let entries = 0;
  /** A file may be in it twice; each has a name of its own. */
  const seen = new Map<string, number>();
  const parser = new Parser({ strict: true, onReadEntry: (entry) => readEntry(entry) });
  parser.on('error', fail);
  let hasEnd = false; // blocks of zeros, which are the only sign that nothing was cut off between two files
  parser.on('nullBlock', () => (hasEnd = true));
  const readEntry = (entry: ReadEntry): void => {
    entries++;
    const inside = entry.path.replace(/^(?:\.\/+)+/, ''); // `tar -C folder -cf images.tar .` writes ./a.jpg
    const isFile = entry.type === 'File' || entry.type === 'OldFile' || entry.type === 'ContiguousFile';
    if (!isFile || !isImageFile(inside) || isHidden(inside)) {
      entry.resume();
      return;
    }
    const count = (seen.get(inside) ?? 0) + 1;
    seen.set(inside, count);
    const key = count === 1 ? inside : `${inside}#${count}`;
    const name = `${file}/${key}`;
    if (entry.size > MAX_IMAGE_BYTES) {
      ready.push({ name, key, problem: `has ${entry.size} bytes; expected at most ${MAX_IMAGE_BYTES}` });
      entry.resume();
      return;
    }
    const chunks: Buffer[] = [];
    entry.on('data', (chunk) => chunks.push(chunk));
    entry.on('end', () => {
      const source = Buffer.concat(chunks);
      if (source.length === entry.size) ready.push({ name, key, source }); // else the file ends within it
    });
  };
  let isEmpty = true;
  try {
    for await (const chunk of fs.createReadStream(file)) {
      isEmpty = false;
      await write(parser, chunk);
      yield* ready.splice(0);
      if (failure) throw failure;
    }
    if (isEmpty) throw new BatchError(`${file}: is empty; expected a tar file. Download or write it again.`);
    await end(parser);
  } catch (error) {
    if (error instanceof BatchError) throw error;
    fail(error);
  }
  yield* ready.splice(0);
  if (failure) throw failure;
  if (entries === 0) throw new BatchError(`${file}: holds no files; expected a tar file of images.`);
  if (!hasEnd)
    throw new BatchError(
      `${file}: ends without the block of zeros that ends a tar file: further images may have been cut off. Download ` +
        'or write it again.',
    );
}

function isHidden(inside: string): boolean {
  return inside.split('/').some((part) => part.startsWith('.') && part !== '.' && part !== '..');
}

/** Waits where the parser (unpacking, too) is behind. */
function write(parser: TarParser, chunk: Buffer): Promise<void> {
  return new Promise((resolve) => {
    if (parser.write(chunk)) setImmediate(resolve);
    else parser.once('drain', () => resolve());
  });
}

function end(parser: TarParser): Promise<void> {
  return new Promise((resolve) => {
    parser.once('end', () => resolve());
    parser.once('error', () => resolve());
    parser.end();
  });
}
