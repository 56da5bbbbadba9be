// Fetches a picture's bytes from wherever they are: a path, a web address, a data: URL, or memory.
import * as fs from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Sharp } from 'sharp';
import { fetchContent } from '../hub';
import { ImageError } from './errors';

/** A path, a URL (http, https, file or data; also as a string), an encoded file in memory, or a sharp pipeline. */
export type ImageSource = string | URL | Buffer | Uint8Array | Sharp;

/** The encoded bytes and the name that errors use for them. */
export interface EncodedImage {
  readonly bytes: Uint8Array;
  readonly name: string;
}

/** Far above any photo; keeps a wrong address (a video, a disk image) from filling the memory. */
const MAX_IMAGE_BYTES = 256 * 2 ** 20;
/** Whoever waits for one image would rather hear soon that its server is down. */
const FETCH_ATTEMPTS = 3;
/** Data URLs are long: an error shows their beginning only. */
const NAME_CHARACTERS = 60;

/**
 * @example
 * (await readImageSource('data/pictures/demo.jpg')).bytes.length // 58921
 * @throws {ImageError} when the file or address cannot be read
 */
export async function readImageSource(source: Exclude<ImageSource, Sharp>): Promise<EncodedImage> {
  if (source instanceof Uint8Array) return { bytes: source, name: `image in memory (${source.byteLength} bytes)` };
  const text = source instanceof URL ? source.href : source;
  const scheme = /^([a-z][a-z0-9+.-]+):/i.exec(text)?.[1].toLowerCase(); // two letters at least: C:\ is a path
  if (scheme === 'http' || scheme === 'https') return { bytes: await fetchBytes(text), name: text };
  if (scheme === 'data') return decodeDataURL(text);
  if (scheme === 'file') return readFile(toPath(text));
  if (source instanceof URL)
    throw new ImageError(`${text}: cannot read pictures over "${scheme}:". Expected http, https, file or data.`);
  return readFile(text);
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
    return { bytes: await fs.promises.readFile(path), name: path };
  } catch (error) {
    throw new ImageError(
      `${path || 'The empty path'}: the picture cannot be read: ${message(error)}. Expected a path (relative to ${process.cwd()}), a URL or a Buffer.`,
    );
  }
}

function decodeDataURL(url: string): EncodedImage {
  const name = url.length > NAME_CHARACTERS ? `${url.slice(0, NAME_CHARACTERS)}…` : url;
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

async function fetchBytes(url: string): Promise<Uint8Array> {
  try {
    return (await fetchContent(url, { maxBytes: MAX_IMAGE_BYTES, attempts: FETCH_ATTEMPTS })).bytes;
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new ImageError(
      `The image cannot be fetched: ${reason} If there is no network, download ${url} elsewhere and pass its path.`,
      { cause: error },
    );
  }
}

function message(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? `${error.message} (${error.cause.message})` : error.message;
}
