// The graph of a cached model with a fixed batch size, as a file. What OpenVINO keeps of a file it finds by the file's
// path and date. A graph that was reshaped in memory has to be read and reshaped first, and OpenVINO reads all its
// weights to tell it from others: 40 to 65 ms of one thread for BLIP-base (docs/decisions/033-first-answer.md).
import * as fs from 'node:fs';
import * as path from 'node:path';
import { cacheFolder } from '../../core/cache-folder';
import { isPlainFile, statOrNothing } from '../../core/is-plain-file';
import { removeQuietly } from '../../core/remove-quietly';
import { writeWhole } from '../../core/write-whole';

/** The first dimension of the one input, of any size. The sizes of what follows are computed from it. */
const INPUT = /(<layer\b[^>]*\btype="Parameter"[^>]*>\s*<data\b[^>]*\bshape=")\?(?=,)/g;
/** A graph; its weights are files of their own. BLIP-large's have 2 MB. */
const MAX_BYTES = 64 * 2 ** 20;
/** A process that compiles for longer was killed. */
const ABANDONED_MS = 3_600_000;

function graphsFolder(): string {
  return path.join(cacheFolder(), 'graphs');
}

function folderOf(key: string): string {
  return path.join(graphsFolder(), key);
}

/** @param key the entry's in the cache of compiled models */
export function findFixedGraph(key: string): string | undefined {
  try {
    const folder = folderOf(key);
    const name = fs.readdirSync(folder).find((each) => each.endsWith('.xml'));
    const file = name === undefined ? undefined : path.join(folder, name);
    return file !== undefined && isPlainFile(file) ? file : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Writes the graph, and beside it a link to its weights, where OpenVINO looks for them.
 *
 * @returns undefined where the graph's input is another one, or where links cannot be made, as on many Windows machines
 */
export async function beginFixedGraph(key: string, xml: string, batch: number): Promise<string | undefined> {
  try {
    if (fs.statSync(xml).size > MAX_BYTES) return undefined;
    const text = await fs.promises.readFile(xml, 'utf8');
    if ([...text.matchAll(INPUT)].length !== 1 || text.split('type="Parameter"').length !== 2) return undefined;
    const fixed = text.replace(INPUT, (_, start: string) => `${start}${batch === -1 ? '?' : batch}`);
    const file = path.join(folderOf(key), path.basename(xml));
    // Its date counts: another process may be at work with it
    if (!isPlainFile(file) || (await fs.promises.readFile(file, 'utf8')) !== fixed) writeWhole(file, fixed);
    await linkFile(path.resolve(weightsOf(xml)), weightsOf(file));
    return file;
  } catch {
    return undefined;
  }
}

export async function removeFixedGraph(key: string): Promise<void> {
  await removeQuietly(folderOf(key));
}

/** Those of entries that are gone. */
export async function removeUnusedGraphs(isUsed: (key: string) => boolean): Promise<void> {
  const folder = graphsFolder();
  for (const name of await fs.promises.readdir(folder).catch(() => [])) {
    const age = Date.now() - (statOrNothing(path.join(folder, name))?.mtimeMs ?? Date.now());
    if (age > ABANDONED_MS && !isUsed(name)) await removeFixedGraph(name);
  }
}

async function linkFile(target: string, link: string): Promise<void> {
  try {
    await fs.promises.symlink(target, link);
  } catch (error) {
    // Another process may have made it
    if (fs.realpathSync(link) !== fs.realpathSync(target)) throw error;
  }
}

function weightsOf(xml: string): string {
  return xml.replace(/\.xml$/, '.bin');
}
