// The images that the arguments of a command stand for: paths, patterns, folders, addresses, standard input.
import * as fs from 'node:fs';
import * as path from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import type { ImageSource } from '../preprocessing';
import { UsageError } from './command';
import type { Terminal } from './terminal';

export interface FoundImage {
  /** As it was given, or as a folder or a pattern gave it. */
  readonly name: string;
  readonly source: ImageSource;
}

/** An argument that stands for no image. */
export interface MissingImage {
  readonly name: string;
  readonly problem: string;
}

export interface ImageArguments {
  readonly args: readonly string[];
  /** A file with a path or an address on each line, `-` for standard input. */
  readonly filesFrom: string | undefined;
}

/** What is taken of a folder, or of a pattern's folders. A file that is named is tried whatever its name. */
const IMAGE_FILE = /\.(avif|bmp|gif|jpe?g|png|tiff?|webp)$/i;
const ADDRESS = /^(https?|data|file):/i;
const PATTERN = /[*?[\]{}!()]/;
export const STDIN = '-';
/** As much as is fetched of an address. */
const MAX_STDIN_BYTES = 256 * 2 ** 20;
/** A line longer than this is no path. */
const MAX_NAME = 100_000;

/** @throws {UsageError} for arguments that contradict each other */
export function checkImageArguments({ args, filesFrom }: ImageArguments, { stdin }: Terminal): void {
  if (args.length === 0 && filesFrom === undefined)
    throw new UsageError(
      'No image is named. Expected paths, patterns ("photos/*.jpg"), folders, addresses, - for standard input, ' +
        'or --files-from.',
    );
  const readers = args.filter((arg) => arg === STDIN).length + Number(filesFrom === STDIN);
  if (readers > 1) throw new UsageError('Standard input (-) is named twice; it can be read once.');
  if (readers === 1 && stdin.isTTY)
    throw new UsageError('- reads standard input, which is a terminal here. Pipe into it: cat photo.jpg | … -');
}

/** Whether there may be more than one image: then each result is printed with its image's name. */
export function mayBeMany({ args, filesFrom }: ImageArguments): boolean {
  return filesFrom !== undefined || args.length !== 1 || isFolder(args[0]) || isPattern(args[0]);
}

/** One by one, so that the first result does not wait for the last file to be found. */
export async function* findImages(
  { args, filesFrom }: ImageArguments,
  { stdin, signal }: Terminal,
): AsyncGenerator<FoundImage | MissingImage, void, undefined> {
  for (const arg of args) yield* expand(arg, stdin);
  if (filesFrom === undefined) return;
  const lines: Readable = filesFrom === STDIN ? stdin : fs.createReadStream(filesFrom);
  let failure: Error | undefined;
  lines.once('error', (error) => {
    failure = error;
  });
  for await (const line of createInterface({ input: lines, crlfDelay: Number.POSITIVE_INFINITY, signal })) {
    if (line.length > MAX_NAME)
      throw new UsageError(`--files-from ${filesFrom}: a line has ${line.length} characters; expected paths.`);
    if (line.trim() !== '') yield { name: line, source: line };
  }
  if (failure) throw new UsageError(`--files-from ${filesFrom}: cannot be read: ${failure.message}.`);
}

async function* expand(arg: string, stdin: Readable): AsyncGenerator<FoundImage | MissingImage, void, undefined> {
  if (arg === STDIN) yield { name: STDIN, source: await readAll(stdin) };
  else if (isFolder(arg)) {
    const entries = await fs.promises.readdir(arg, { withFileTypes: true });
    const names = entries
      .filter((entry) => !entry.isDirectory() && IMAGE_FILE.test(entry.name))
      .map(({ name }) => name)
      .sort(compare);
    if (names.length === 0)
      yield { name: arg, problem: 'the folder has no images (jpg, png, webp, gif, tiff, avif, bmp)' };
    for (const name of names) yield named(path.join(arg, name));
  } else if (isPattern(arg)) {
    const { glob } = await import('tinyglobby');
    const pattern = process.platform === 'win32' ? arg.replaceAll('\\', '/') : arg; // there, \ does not escape
    const found = (await glob(pattern, { onlyFiles: true, expandDirectories: false, dot: false })).sort(compare);
    const images = found.filter((name) => IMAGE_FILE.test(name));
    if (images.length === 0)
      yield {
        name: arg,
        problem: found.length === 0 ? 'no file matches' : `no image among the ${found.length} files that match`,
      };
    yield* images.map(named);
  } else yield named(arg);
}

function named(name: string): FoundImage {
  return { name, source: name };
}

function isFolder(arg: string): boolean {
  return fs.statSync(arg, { throwIfNoEntry: false })?.isDirectory() ?? false;
}

/** A file's name may look like a pattern: then the file is meant. */
function isPattern(arg: string): boolean {
  return PATTERN.test(arg) && !ADDRESS.test(arg) && !fs.existsSync(arg);
}

/** Numbers by their value: photo2 before photo10, the same on every machine. */
const { compare } = new Intl.Collator('en', { numeric: true });

async function readAll(stdin: Readable): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of stdin) {
    if (!(chunk instanceof Buffer)) continue;
    size += chunk.length;
    if (size > MAX_STDIN_BYTES)
      throw new UsageError(`Standard input has more than ${MAX_STDIN_BYTES / 2 ** 20} MiB; expected one image.`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks, size);
}
