// Weights that OpenVINO mapped from their file and has copied since, in the order that the processor multiplies them
// in: takes the file's pages out of this process's memory.
//
// They are the system's copy of the file (its page cache), shared and read-only, so nothing is lost: what is read
// again, such as a row of a table of embeddings, is mapped again, page by page. Linux only: elsewhere the pages stay
// until the system takes them back.
//
// Between the look at the maps and the release, nobody may unmap the file: its address could be another's by then,
// with memory that would be lost. This thread's own calls on other threads are counted. Other threads that use this
// library are seen by a mark, which each leaves before it maps anything: /proc/self/maps, kept open. Descriptors are
// the process's, whichever thread opened them; Node closes a worker's when it has ended.
import * as fs from 'node:fs';

const MAPS = '/proc/self/maps';
const DESCRIPTORS = '/proc/self/fd';
/** START-END, read-only and shared, offset, device, inode, path. */
const MAPPING = /^([0-9a-f]+)-([0-9a-f]+) r--s \S+ \S+ \d+ +(\/.*)$/;
/** MADV_DONTNEED of Linux's madvise(2). */
const DONT_NEED = 4;
/** A process that has more open, such as a server's connections, is not searched for marks: it takes milliseconds. */
const MAX_DESCRIPTORS = 2_000;

type Advise = (address: bigint, bytes: bigint, advice: number) => unknown;

/** Of this thread, however often the library is loaded in it, as by a notebook's kernel. */
interface ThreadState {
  /** Its mark; undefined where there is no /proc. */
  readonly mark: number | undefined;
  /** Calls on other threads that map files and may unmap them again. */
  mapping: number;
}

const SLOT = Symbol.for('blip-openvino.mapped-weights');
const holder = globalThis as typeof globalThis & { [SLOT]?: ThreadState };
const thread = (holder[SLOT] ??= { mark: leaveMark(), mapping: 0 });

function leaveMark(): number | undefined {
  if (process.platform !== 'linux') return undefined;
  try {
    return fs.openSync(MAPS, 'r');
  } catch {
    return undefined;
  }
}

/** Runs what reads or compiles a model on another thread; nothing is released meanwhile. */
export async function whileMapping<T>(run: () => Promise<T>): Promise<T> {
  thread.mapping++;
  try {
    return await run();
  } finally {
    thread.mapping--;
  }
}

/**
 * Takes the mapped pages of a file out of this process's memory. Never throws: where it cannot be done, they stay.
 *
 * @returns how many bytes of address space it was done for, 0 beside other threads that use this library; undefined
 *   while this thread's calls may be unmapping files: call it again later
 */
export function releaseMapped(file: string): number | undefined {
  if (thread.mapping > 0) return undefined;
  let released = 0;
  try {
    const path = fs.realpathSync.native(file);
    const advise = thread.mark === undefined ? undefined : loadAdvise();
    const maps = advise ? fs.readFileSync(MAPS, 'utf8').split('\n') : [];
    const found = maps.map((line) => MAPPING.exec(line)).filter((match) => match?.[3] === path);
    // Only now: who mapped one of them has left its mark before
    if (found.length === 0 || hasOtherMarks()) return 0;
    for (const match of found) {
      const [, start, end] = match ?? [];
      const address = BigInt(`0x${start}`);
      const bytes = BigInt(`0x${end}`) - address;
      if (advise?.(address, bytes, DONT_NEED) === 0) released += Number(bytes);
    }
  } catch {
    // A file that was moved, a system that hides its maps.
  }
  return released;
}

/** Whether other threads use this library, as far as can be told. */
function hasOtherMarks(): boolean {
  const own = String(thread.mark);
  const others = fs.readdirSync(DESCRIPTORS).filter((name) => name !== own);
  if (others.length > MAX_DESCRIPTORS) return true;
  const mark = fs.readlinkSync(`${DESCRIPTORS}/${own}`);
  return others.some((name) => linkOf(`${DESCRIPTORS}/${name}`) === mark);
}

function linkOf(name: string): string | undefined {
  try {
    return fs.readlinkSync(name);
  } catch {
    return undefined; // closed since
  }
}

let advise: Advise | undefined;
let looked = false;

/** Undefined where the system or koffi does not have it. */
function loadAdvise(): Advise | undefined {
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
