// Reads the bytes of an image from wherever they are: a path, a web address, a data: URL, or memory.
import type { Blob } from 'node:buffer';
import * as fs from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { closestName } from '../core/edit-distance';
import { fileURLToPath } from 'node:url';
import type { Sharp } from 'sharp';
import { describeOddFile } from '../core/is-plain-file';
import { fetchContent, UnreachableError } from '../hub';
import { ImageError } from './errors';

/**
 * A path, a URL (http, https, file or data; also as a string), an encoded file in memory (also as
 * `response.arrayBuffer()` and forms give it: ArrayBuffer, Blob, File), or a sharp pipeline.
 */
export type ImageSource = string | URL | Buffer | Uint8Array | ArrayBuffer | Pick<Blob, 'size' | 'arrayBuffer'> | Sharp;

/** What is used of a Blob: the types of Node.js and of browsers differ in the rest. */
type BlobLike = Pick<Blob, 'size' | 'arrayBuffer'>;

/** The encoded bytes and the name that errors use for them. */
export interface EncodedImage {
  readonly bytes: Uint8Array;
  readonly name: string;
}

/**
 * The largest image that is decoded has 512 MiB uncompressed. Keeps a wrong path or address (a video, a disk image)
 * from filling the memory.
 */
const MAX_IMAGE_BYTES = 768 * 2 ** 20;
/** The most that is fetched over the network: far above any photo. */
const MAX_FETCHED_BYTES = 256 * 2 ** 20;
/** Whoever waits for one image would rather hear soon that its server is down. */
const FETCH_ATTEMPTS = 3;
/** For the whole image, however slowly it comes. A server that stops sending is given up earlier, by the client. */
const FETCH_TIMEOUT_MS = 300_000;
/** Names of a folder that a mistyped one is compared with. */
const NEARBY_FILES = 1000;
/** Data URLs, and the paths that somebody takes a base64 text for, are long: an error shows their beginning only. */
const NAME_CHARACTERS = 200;
/** Read at once: most images in one piece. */
const CHUNK_BYTES = 2 ** 20;
const MIN_CHUNK_BYTES = 2 ** 14;

/**
 * @example
 * (await readImageSource('data/pictures/demo.jpg')).bytes.length // 58921
 * @throws {ImageError} when the file or address cannot be read
 */
export async function readImageSource(source: Exclude<ImageSource, Sharp>): Promise<EncodedImage> {
  if (source instanceof Uint8Array) return { bytes: source, name: `image in memory (${source.byteLength} bytes)` };
  if (source instanceof ArrayBuffer) return readImageSource(new Uint8Array(source));
  if (isBlob(source)) return readBlob(source);
  const text = source instanceof URL ? source.href : source;
  const scheme = /^([a-z][a-z0-9+.-]+):/i.exec(text)?.[1].toLowerCase(); // two letters at least: C:\ is a path
  if (scheme === 'http' || scheme === 'https') return { bytes: await fetchBytes(text), name: shorten(text) };
  if (scheme === 'data') return decodeDataURL(text);
  if (scheme === 'file') return readFile(toPath(text));
  if (scheme !== undefined && (source instanceof URL || text.includes('://')))
    throw new ImageError(`${shorten(text)}: cannot read images over "${scheme}:". Expected http, https, file or data.`);
  return readFile(text);
}

/** Also one of a library of its own. */
export function isBlob(source: object | string): source is BlobLike {
  return (
    typeof source === 'object' &&
    'size' in source &&
    'arrayBuffer' in source &&
    typeof source.arrayBuffer === 'function'
  );
}

/** A File has a name. */
async function readBlob(blob: BlobLike): Promise<EncodedImage> {
  const name =
    'name' in blob && typeof blob.name === 'string' ? shorten(blob.name) : `image in memory (${blob.size} bytes)`;
  if (blob.size > MAX_IMAGE_BYTES)
    throw new ImageError(`${name}: has more than ${MAX_IMAGE_BYTES / 2 ** 20} MiB. Expected an encoded image.`);
  try {
    return { bytes: new Uint8Array(await blob.arrayBuffer()), name };
  } catch (error) {
    throw new ImageError(`${name}: the image cannot be read: ${message(error)}. Was its file changed or removed?`);
  }
}

function toPath(url: string): string {
  try {
    return fileURLToPath(url);
  } catch (error) {
    throw new ImageError(`${url}: not a file URL: ${message(error)}`);
  }
}

async function readFile(path: string): Promise<EncodedImage> {
  try {
    return { bytes: await readAll(path), name: shorten(path) };
  } catch (error) {
    if (error instanceof ImageError) throw error;
    if (error instanceof Error && 'code' in error && error.code === 'EISDIR')
      throw new ImageError(
        `${shorten(path)}: is a folder. Expected the path of an image in it; captionFolder takes folders.`,
      );
    const isMissing = error instanceof Error && 'code' in error && error.code === 'ENOENT' && path !== '';
    const near = isMissing ? nearbyFile(path) : undefined;
    throw new ImageError(
      `${shorten(path) || 'The empty path'}: the image cannot be read: ` +
        `${message(error)}. ` +
        (near === undefined ? '' : `Did you mean ${near}? `) +
        explainPath(path) +
        `Expected a path (relative to ${process.cwd()}), a URL or a Buffer.`,
    );
  }
}

/** What a path looks like that is none. */
function explainPath(path: string): string {
  if (path.startsWith('~')) return 'Only a shell expands "~", and not between quotes: write the whole path. ';
  return /^www\./i.test(path) ? `For an address of the web, write https://${shorten(path)}. ` : '';
}

/** The file in the same folder whose name is nearly the one that is missing. */
function nearbyFile(missing: string): string | undefined {
  const folder = dirname(missing);
  const names: string[] = [];
  try {
    const entries = fs.opendirSync(folder);
    try {
      for (let at = entries.readSync(); at && names.length < NEARBY_FILES; at = entries.readSync()) names.push(at.name);
    } finally {
      entries.closeSync();
    }
  } catch {
    return undefined; // no such folder, or one that may not be read
  }
  const name = closestName(basename(missing), names);
  return name === undefined ? undefined : shorten(join(folder, name));
}

/** The size is looked at while reading: a device or a pipe has none, and may never end. */
async function readAll(path: string): Promise<Buffer> {
  // Those of the shell, such as <(command), have a writer.
  if (!/^\/(dev|proc)\//.test(path) && describeOddFile(path) === 'a named pipe')
    throw new ImageError(
      `${shorten(path)}: is a named pipe, which would have to be waited for. Expected the path of an image; on the ` +
        'command line, - reads one from standard input.',
    );
  const chunks: Buffer[] = [];
  let size = 0;
  // A stream allocates its chunks before it knows how much there is to read
  const expected = (await fs.promises.stat(path)).size + 1;
  const highWaterMark = Math.max(MIN_CHUNK_BYTES, Math.min(CHUNK_BYTES, expected));
  for await (const chunk of fs.createReadStream(path, { highWaterMark })) {
    size += chunk.length;
    if (size > MAX_IMAGE_BYTES)
      throw new ImageError(
        `${shorten(path)}: has more than ${MAX_IMAGE_BYTES / 2 ** 20} MiB. Expected the path of an image.`,
      );
    chunks.push(chunk);
  }
  return chunks.length === 1 ? chunks[0] : Buffer.concat(chunks, size);
}

function decodeDataURL(url: string): EncodedImage {
  const name = shorten(url);
  const match = /^data:[^,]*?(;base64)?,(.*)$/is.exec(url);
  if (!match) throw new ImageError(`${name}: not a data URL. Expected data:image/png;base64,…`);
  try {
    return { bytes: match[1] ? Buffer.from(match[2], 'base64') : Buffer.from(unescapeBytes(match[2]), 'latin1'), name };
  } catch (error) {
    throw new ImageError(`${name}: its data cannot be decoded: ${message(error)}`);
  }
}

/** %XX stands for one byte each; characters beyond ASCII for their UTF-8 bytes. */
function unescapeBytes(text: string): string {
  return Buffer.from(text, 'utf8')
    .toString('latin1')
    .replace(/%([0-9a-f]{2})/gi, (_, hex: string) => String.fromCharCode(parseInt(hex, 16)));
}

/** A file's page on the hub, on GitHub or GitLab, which people copy from the browser. */
const BLOB_PAGE = /^https?:\/\/[^?#]+?\/blob\//i;

function fileOfPage(url: string): string {
  const isGit = /^https?:\/\/(?:www\.)?github\.com\//i.test(url) || url.includes('/-/blob/');
  return url.replace('/blob/', isGit ? '/raw/' : '/resolve/');
}

async function fetchBytes(url: string): Promise<Uint8Array> {
  const signal = AbortSignal.timeout(FETCH_TIMEOUT_MS);
  try {
    const { bytes, type } = await fetchContent(url, { maxBytes: MAX_FETCHED_BYTES, attempts: FETCH_ATTEMPTS, signal });
    if (type?.startsWith('text/html') && BLOB_PAGE.test(url))
      throw new ImageError(
        `${shorten(url)}: is the page that shows the image, not the image. Did you mean ${shorten(fileOfPage(url))}?`,
      );
    return bytes;
  } catch (error) {
    if (error instanceof ImageError) throw error;
    const reason = signal.aborted ? `it took more than ${FETCH_TIMEOUT_MS / 1000} s` : explain(error, url);
    throw new ImageError(
      `${shorten(url)}: the image cannot be fetched: ${reason}. Check the address and the network, or download ` +
        'it yourself and pass its path.',
      { cause: error },
    );
  }
}

/** The client's own words without the address and its advice about files that are cached. */
function explain(error: unknown, url: string): string {
  const said = error instanceof UnreachableError && error.cause instanceof Error ? error.cause : error;
  return message(said)
    .replace(`${url}: `, '')
    .replace(/(?:\. Check the address)?\.$/, '');
}

function message(error: unknown): string {
  return shorten(error instanceof Error ? error.message : String(error));
}

function shorten(text: string): string {
  return text.length > NAME_CHARACTERS ? `${text.slice(0, NAME_CHARACTERS)}…` : text;
}
