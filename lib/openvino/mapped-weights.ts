// Weights that OpenVINO mapped from their file and has copied since, in the order that the processor multiplies them
// in: takes the file's pages out of this process's memory.
//
// They are the system's copy of the file (its page cache), shared and read-only, so nothing is lost: what is read
// again, such as a row of a table of embeddings, is mapped again, page by page. Linux only: elsewhere the pages stay
// until the system takes them back.
import * as fs from 'node:fs';

const MAPS = '/proc/self/maps';
/** START-END, read-only and shared, offset, device, inode, path. */
const MAPPING = /^([0-9a-f]+)-([0-9a-f]+) r--s \S+ \S+ \d+ +(\/.*)$/;
/** MADV_DONTNEED of Linux's madvise(2). */
const DONT_NEED = 4;

type Advise = (address: bigint, bytes: bigint, advice: number) => unknown;

/** Calls on other threads that map files and may unmap them again. */
let mapping = 0;

/** Runs what reads or compiles a model on another thread; nothing is released meanwhile. */
export async function whileMapping<T>(run: () => Promise<T>): Promise<T> {
  mapping++;
  try {
    return await run();
  } finally {
    mapping--;
  }
}

/**
 * Takes the mapped pages of a file out of this process's memory. Never throws: where it cannot be done, they stay.
 *
 * @returns how many bytes of address space it was done for; undefined where another thread may be unmapping files, so
 *   that an address that was read could be another's by now: call it again later
 */
export function releaseMapped(file: string): number | undefined {
  if (mapping > 0) return undefined;
  let released = 0;
  try {
    const path = fs.realpathSync.native(file);
    const advise = loadAdvise();
    for (const line of advise ? fs.readFileSync(MAPS, 'utf8').split('\n') : []) {
      const [, start, end, mapped] = MAPPING.exec(line) ?? [];
      if (mapped !== path) continue;
      const address = BigInt(`0x${start}`);
      const bytes = BigInt(`0x${end}`) - address;
      if (advise?.(address, bytes, DONT_NEED) === 0) released += Number(bytes);
    }
  } catch {
    // A file that was moved, a system that hides its maps.
  }
  return released;
}

let advise: Advise | undefined;
let looked = false;

/** Undefined where the system or koffi does not have it. */
function loadAdvise(): Advise | undefined {
  if (process.platform !== 'linux') return undefined;
  if (looked) return advise;
  looked = true;
  try {
    const koffi: typeof import('koffi') = require('koffi');
    const native = koffi.load(null).func('int madvise(uintptr_t address, size_t bytes, int advice)');
    advise = (...values) => native(...values);
  } catch {
    // koffi's native part is missing: openvino-node works without.
  }
  return advise;
}
