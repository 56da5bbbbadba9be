// The images that the arguments of a command stand for: paths, patterns, folders, addresses, standard input.
import * as fs from 'node:fs';
import { Readable } from 'node:stream';
import { isCollection, isFolder, isPattern } from '../batch/input-kinds';
import type { BatchInput } from '../batch';
import type { TableColumns } from '../batch/table-columns';
import type { ImageSource } from '../preprocessing';
import { UsageError } from './command';
import type { Terminal } from './terminal';

export interface FoundImage {
  /** As it was given, or as a folder or a pattern gave it. */
  readonly name: string;
  readonly source: ImageSource;
  /** Of its row in a table. */
  readonly questions?: readonly string[];
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
  readonly columns: TableColumns;
}

export const STDIN = '-';
/** As much as is fetched of an address. */
const MAX_STDIN_BYTES = 256 * 2 ** 20;

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
  if (filesFrom !== undefined && filesFrom !== STDIN && (isFolder(filesFrom) || !fs.existsSync(filesFrom)))
    throw new UsageError(
      `--files-from ${filesFrom}: ${isFolder(filesFrom) ? 'is a folder' : 'no such file'}; expected a file of paths ` +
        'and addresses, one a line.',
    );
}

/** Whether there may be more than one image: then each result is printed with its image's name. */
export function mayBeMany({ args, filesFrom }: ImageArguments): boolean {
  const [arg] = args;
  return filesFrom !== undefined || args.length !== 1 || isFolder(arg) || isPattern(arg) || isCollection(arg);
}

/** The first image, where it is known before anything is searched: a path or an address. */
export function firstImage({ args: [first] }: ImageArguments): string | undefined {
  if (first === undefined || first === STDIN) return undefined;
  return isFolder(first) || isPattern(first) || isCollection(first) ? undefined : first;
}

/** One by one, so that the first result does not wait for the last file to be found. */
export async function* findImages(
  { args, filesFrom, columns }: ImageArguments,
  { stdin }: Terminal,
): AsyncGenerator<FoundImage | MissingImage, void, undefined> {
  for (const arg of args)
    if (arg === STDIN) yield { name: STDIN, source: await readAll(stdin) };
    else yield* expand(arg, columns);
  if (filesFrom !== undefined) yield* expand(listOfNames(filesFrom, stdin), columns);
}

/** Opened when it is read, so that an error then has somebody who hears it. */
export function listOfNames(filesFrom: string, stdin: Readable): BatchInput {
  if (filesFrom === STDIN) return stdin;
  async function* read(path: string): AsyncGenerator<unknown, void, undefined> {
    yield* fs.createReadStream(path);
  }
  return Object.assign(Readable.from(read(filesFrom)), { path: filesFrom });
}

async function* expand(
  input: BatchInput,
  columns: TableColumns,
): AsyncGenerator<FoundImage | MissingImage, void, undefined> {
  const { describeEmpty, listOrProblem } = await import('../batch/list-inputs');
  let isEmpty = true;
  for await (const item of listOrProblem(input, columns)) {
    isEmpty = false;
    yield item;
  }
  if (isEmpty) yield describeEmpty(input);
}

/** Whether the arguments are folders and nothing else. */
export function areFolders({ args, filesFrom }: ImageArguments): boolean {
  return filesFrom === undefined && args.length > 0 && args.every((arg) => isFolder(arg));
}

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
