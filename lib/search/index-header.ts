// The header of an index: whose features it holds, and of which files. Checked field by field when it is read.
import { describeValue } from '../core/describe-value';
import { isRecord } from '../core/is-record';

/** A file whose features an index holds. */
export interface IndexedImage {
  /** Relative to the indexed folder, with `/` between its parts on every system. */
  readonly path: string;
  readonly size: number;
  /**
   * When it was last changed, in nanoseconds since 1970; '0' where it was indexed too soon after to be sure of that.
   */
  readonly mtime_ns: string;
  /** 64 hexadecimal digits. */
  readonly sha256: string;
}

export interface IndexHeader {
  readonly model: { readonly id: string; readonly digest: string };
  /** The indexed folder, relative to the index file's. */
  readonly folder: string;
  /** Numbers in a row of features. */
  readonly size: number;
  readonly images: readonly IndexedImage[];
}

/** Flat search over more takes seconds, and their features gigabytes. */
export const MAX_IMAGES = 1_000_000;
const MAX_SIZE = 65_536;
const MAX_PATH = 4096;
const SHA256 = /^[0-9a-f]{64}$/;
const DIGITS = /^-?\d{1,25}$/;

/** @param fail throws an error that names the file */
export function parseIndexHeader(
  json: Readonly<Record<string, unknown>>,
  fail: (problem: string) => never,
): IndexHeader {
  const wrong = (what: string, got: unknown, expected: string): never =>
    fail(`${what} is ${describeValue(got)}, expected ${expected}`);
  const { model, folder, size, images } = json;
  if (!isRecord(model) || !isText(model.id)) return wrong('model', model, 'an object with id and digest');
  if (!isText(model.digest) || !SHA256.test(model.digest)) return wrong('model.digest', model.digest, 'a SHA-256');
  if (!isText(folder)) return wrong('folder', folder, 'a path');
  if (!isCount(size, MAX_SIZE) || size === 0) return wrong('size', size, `a number from 1 to ${MAX_SIZE}`);
  if (!Array.isArray(images) || images.length > MAX_IMAGES)
    return wrong('images', images, `a list of at most ${MAX_IMAGES}`);
  const seen = new Set<string>();
  const parsed = images.map((entry: unknown, i): IndexedImage => {
    if (!isRecord(entry)) return wrong(`images[${i}]`, entry, 'an object');
    const { path, size: bytes, mtime_ns, sha256 } = entry;
    if (!isText(path) || !isInside(path) || seen.has(path))
      return wrong(`images[${i}].path`, path, 'the path of a file in the folder, once');
    if (!isCount(bytes, Number.MAX_SAFE_INTEGER)) return wrong(`images[${i}].size`, bytes, 'a number of bytes');
    if (!isText(mtime_ns) || !DIGITS.test(mtime_ns)) return wrong(`images[${i}].mtime_ns`, mtime_ns, 'nanoseconds');
    if (!isText(sha256) || !SHA256.test(sha256)) return wrong(`images[${i}].sha256`, sha256, 'a SHA-256');
    seen.add(path);
    return { path, size: bytes, mtime_ns, sha256 };
  });
  return { model: { id: model.id, digest: model.digest }, folder, size, images: parsed };
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value.length <= MAX_PATH;
}

function isCount(value: unknown, most: number): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 && value <= most;
}

/** Searching reads these files again: an index from elsewhere must not name others. */
function isInside(path: string): boolean {
  return path !== '' && !/^[\\/]|^[a-z]:|\0/i.test(path) && !path.split(/[\\/]/).includes('..');
}
