// Keeps what OpenVINO made of a graph, so that the next process does not make it again: one folder for each compiled
// model, with OpenVINO's file and a record of it. Nothing here throws: without the cache, a model is compiled as ever.
import { randomUUID } from 'node:crypto';
import * as fs from 'node:fs';
import * as path from 'node:path';
import { cacheFolder } from '../../core/cache-folder';
import { fileDigest } from '../../core/file-digest';
import { freeBytes } from '../../core/free-bytes';
import { isRecord } from '../../core/is-record';
import { makeFolder } from '../../core/make-folder';
import { quote } from '../../core/quote';
import { readJSON } from '../../core/read-json';
import { writeWhole } from '../../core/write-whole';
import { readMemory, rememberedDigest } from '../../model-folder/digest-memory';
import { findFixedGraph, removeFixedGraph, removeUnusedGraphs } from './fixed-graph';

const RECORD = 'compiled.json';
const BLOB = /^\w+\.blob$/;
/** An entry that is being written, or removed. */
const TEMPORARY = /\.tmp$/;
/** A process that writes for longer was killed. */
const ABANDONED_MS = 3_600_000;

/** About a hundred models of BLIP-base's size in FP16 (4 MB each), or ten in INT8 (100 MB each). */
const DEFAULT_MAX_MB = 1_024;
const BYTES_OF_MB = 2 ** 20;
/** Nothing is kept on a disk that has less room than this. */
const MIN_FREE_BYTES = 2 ** 30;

/** The cache of compiled models: `compiled` below {@link cacheFolder}. */
function compiledFolder(): string {
  return path.join(cacheFolder(), 'compiled');
}

/** What the cache may take, from `BLIP_COMPILED_CACHE_MB`; 0 where it is switched off. */
export function maxCompiledBytes(): number {
  const given = process.env.BLIP_COMPILED_CACHE_MB?.trim() || String(DEFAULT_MAX_MB);
  if (/^\d{1,9}$/.test(given)) return Number(given) * BYTES_OF_MB;
  if (!told.has(given)) {
    told.add(given);
    process.emitWarning(
      `BLIP_COMPILED_CACHE_MB is ${quote(given)}; expected a whole number of megabytes, or 0 to keep no compiled ` +
        `models. ${DEFAULT_MAX_MB} is used.`,
      { code: 'BLIP_COMPILED_CACHE' },
    );
  }
  return DEFAULT_MAX_MB * BYTES_OF_MB;
}

/** Values that were told about. */
const told = new Set<string>();

/** What the cache has of a graph. */
export interface Kept {
  /** OpenVINO's file; its folder is for CACHE_DIR. */
  readonly blob: string;
  /** The graph that it was made of, where that is not the model's own: see fixed-graph.ts. */
  readonly graph: string | undefined;
}

/** An entry that is as it was written. Notes that it was used. */
export async function findCompiled(key: string): Promise<Kept | undefined> {
  try {
    const folder = path.join(compiledFolder(), key);
    const record = path.join(folder, RECORD);
    if (!fs.statSync(record, { throwIfNoEntry: false })?.isFile()) return undefined;
    const value = readJSON(record);
    if (!isRecord(value) || typeof value.file !== 'string' || !BLOB.test(value.file)) return undefined;
    const blob = path.join(folder, value.file);
    if (!fs.statSync(blob, { throwIfNoEntry: false })?.isFile()) return undefined;
    const memory = await readMemory();
    if (value.sha256 !== (await rememberedDigest(blob, memory))) return undefined;
    const graph = value.graph === undefined ? undefined : findFixedGraph(key);
    if (value.graph !== (graph && (await rememberedDigest(graph, memory)))) return undefined;
    const now = new Date();
    fs.utimes(record, now, now, () => undefined); // not where a shared cache must not be written
    return { blob, graph };
  } catch {
    return undefined;
  }
}

/** A folder for OpenVINO to write a new entry to; undefined where none can or shall be written. */
export async function beginCompiled(key: string): Promise<string | undefined> {
  try {
    const place = compiledFolder();
    const free = freeBytes(place);
    if (free !== undefined && free < MIN_FREE_BYTES) return undefined;
    const folder = path.join(place, `${key}.${randomUUID()}.tmp`);
    await makeFolder(folder);
    return folder;
  } catch {
    return undefined;
  }
}

/**
 * Puts what OpenVINO wrote into its place, and removes what was not used for longest.
 * @param whole otherwise what was written is thrown away
 * @param graph what it was made of, where that is not the model's own
 */
export async function publishCompiled(key: string, written: string, whole: boolean, graph?: string): Promise<void> {
  try {
    const blobs = (await fs.promises.readdir(written)).filter((name) => BLOB.test(name));
    const folder = path.join(compiledFolder(), key);
    if (whole && blobs.length === 1) {
      const [file] = blobs;
      const sha256 = await fileDigest(path.join(written, file));
      writeWhole(
        path.join(written, RECORD),
        `${JSON.stringify({ file, sha256, ...(graph !== undefined && { graph: await fileDigest(graph) }) })}\n`,
      );
      await removeFolder(folder); // it was damaged, or another process was faster
      await fs.promises.rename(written, folder);
      await removeOldest();
      await removeUnusedGraphs((each) => fs.existsSync(path.join(compiledFolder(), each)));
      return;
    }
  } catch {
    // A full disk, or another process that writes the same: the next load tries again.
  }
  await removeFolder(written);
}

export async function discardCompiled(key: string): Promise<void> {
  await removeFixedGraph(key);
  await removeFolder(path.join(compiledFolder(), key)).catch(() => undefined);
}

/** Renamed first: nobody finds half of it. */
async function removeFolder(folder: string): Promise<void> {
  if (!fs.existsSync(folder)) return;
  const removed = `${folder.replace(TEMPORARY, '')}.${randomUUID()}.tmp`;
  try {
    await fs.promises.rename(folder, removed);
    await fs.promises.rm(removed, { recursive: true, force: true });
  } catch {
    // In use (Windows), or removed by another process.
  }
}

async function removeOldest(): Promise<void> {
  const place = compiledFolder();
  const entries: { readonly folder: string; readonly bytes: number; readonly used: number }[] = [];
  for (const name of await fs.promises.readdir(place)) {
    const folder = path.join(place, name);
    const bytes = sizeOf(folder);
    const used = (stat(path.join(folder, RECORD)) ?? stat(folder))?.mtimeMs ?? 0;
    if (!TEMPORARY.test(name)) entries.push({ folder, bytes, used });
    else if (Math.abs(Date.now() - used) > ABANDONED_MS) await removeFolder(folder);
  }
  let bytes = entries.reduce((sum, entry) => sum + entry.bytes, 0);
  const most = maxCompiledBytes();
  for (const entry of entries.sort((a, b) => a.used - b.used)) {
    if (bytes <= most) return;
    await removeFolder(entry.folder);
    bytes -= entry.bytes;
  }
}

function sizeOf(folder: string): number {
  try {
    return fs.readdirSync(folder).reduce((sum, name) => sum + (stat(path.join(folder, name))?.size ?? 0), 0);
  } catch {
    return stat(folder)?.size ?? 0; // a file that somebody put there
  }
}

function stat(file: string): fs.Stats | undefined {
  return fs.statSync(file, { throwIfNoEntry: false });
}
