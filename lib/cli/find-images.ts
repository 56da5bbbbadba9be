// The images that the arguments of a command stand for: paths, patterns, folders, addresses, standard input.
import * as fs from 'node:fs';
import type { Readable } from 'node:stream';
import { isCollection, isFolder, isPattern } from '../batch/input-kinds';
import { readLines } from '../batch/read-lines';
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
}

/** Whether there may be more than one image: then each result is printed with its image's name. */
export function mayBeMany({ args, filesFrom }: ImageArguments): boolean {
  const [arg] = args;
  return filesFrom !== undefined || args.length !== 1 || isFolder(arg) || isPattern(arg) || isCollection(arg);
}

/** One by one, so that the first result does not wait for the last file to be found. */
export async function* findImages(
  { args, filesFrom }: ImageArguments,
  { stdin }: Terminal,
): AsyncGenerator<FoundImage | MissingImage, void, undefined> {
  for (const arg of args) yield* expand(arg, stdin);
  if (filesFrom === undefined) return;
  const lines: Readable = filesFrom === STDIN ? stdin : fs.createReadStream(filesFrom);
  for await (const { text } of readLines(lines, `--files-from ${filesFrom}`)) yield { name: text, source: text };
}

async function* expand(arg: string, stdin: Readable): AsyncGenerator<FoundImage | MissingImage, void, undefined> {
  if (arg === STDIN) {
    yield { name: STDIN, source: await readAll(stdin) };
    return;
  }
  const { describeEmpty, listInput } = await import('../batch/list-inputs');
  let isEmpty = true;
  for await (const item of listInput(arg)) {
    isEmpty = false;
    yield 'problem' in item ? item : { name: item.name, source: item.source };
  }
  if (isEmpty) yield describeEmpty(arg);
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
