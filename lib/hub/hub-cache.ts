// The folder layout of Python's huggingface_hub cache, below models--Org--Name: refs/<revision> holds a commit,
// snapshots/<commit>/<file> links to blobs/<etag>, .no_exist/<commit>/<file> says that there is no such file.
import * as fs from 'node:fs';
import * as path from 'node:path';
import { makeFolder } from '../core/make-folder';
import { writeWhole } from '../core/write-whole';
import { allowsSymlinks } from './hub-environment';

/** Makes temporary names unique within this process. */
let written = 0;

/** https://bford.info/cachedir: backup programs leave folders with this file out. Python's client writes it too. */
const CACHEDIR_TAG = `Signature: 8a477f597d28d172789f06886806bc55
# This file is a cache directory tag created by huggingface_hub.
# For information about cache directory tags, see:
#	https://bford.info/cachedir/
`;

/** One repository's part of the cache. */
export class RepositoryCache {
  readonly folder: string;

  constructor(
    private readonly cache: string,
    id: string,
  ) {
    this.folder = path.join(cache, `models--${id.replace('/', '--')}`);
  }

  /** The commit that a branch or tag stood for when it was fetched last; the revision itself when it was not. */
  commitOf(revision: string): string {
    const ref = path.join(this.folder, 'refs', revision);
    // A file in the cache's place is an error, which its caller explains
    return fs.statSync(ref, { throwIfNoEntry: false })?.isFile() ? fs.readFileSync(ref, 'utf8').trim() : revision;
  }

  snapshot(commit: string): string {
    return path.join(this.folder, 'snapshots', commit);
  }

  blob(etag: string): string {
    return path.join(this.folder, 'blobs', etag);
  }

  /** Whether the file is there; a link whose blob was deleted counts as missing. */
  has(commit: string, file: string): boolean {
    return fs.existsSync(path.join(this.snapshot(commit), file));
  }

  /** Whether an earlier call was told that this commit has no such file. */
  isKnownMissing(commit: string, file: string): boolean {
    return fs.existsSync(path.join(this.folder, '.no_exist', commit, file));
  }

  /** The cache is a help, not a condition: one that must not be written (a shared, read-only one) is left as it is. */
  async rememberMissing(commit: string, file: string): Promise<void> {
    await ifWritable(async () => writeWhole(path.join(this.folder, '.no_exist', commit, file), ''));
  }

  async rememberCommit(revision: string, commit: string): Promise<void> {
    if (revision === commit || this.commitOf(revision) === commit) return;
    await ifWritable(async () => writeWhole(path.join(this.folder, 'refs', revision), commit));
  }

  /** Makes the folders that a download needs. */
  async prepare(): Promise<void> {
    await makeFolder(path.join(this.folder, 'blobs'));
    const tag = path.join(this.cache, 'CACHEDIR.TAG');
    if (!fs.existsSync(tag)) await ifWritable(async () => writeWhole(tag, CACHEDIR_TAG));
  }

  /**
   * Puts a blob into a snapshot: a relative symbolic link as Python writes it. Where these are not allowed (Windows, or
   * HF_HUB_DISABLE_SYMLINKS) a second name for the same content, which takes no room; a copy where the disk has none.
   */
  async link(etag: string, commit: string, file: string): Promise<void> {
    const target = path.join(this.snapshot(commit), file);
    if (fs.existsSync(target)) return;
    await makeFolder(path.dirname(target));
    await fs.promises.rm(target, { force: true });
    const blob = this.blob(etag);
    const ways = [
      ...(allowsSymlinks() ? [() => fs.promises.symlink(path.relative(path.dirname(target), blob), target)] : []),
      async () => fs.promises.link(await fs.promises.realpath(blob), target), // Python's blob may itself be a link
    ];
    for (const way of ways) {
      try {
        return await way();
      } catch {
        if (fs.existsSync(target)) return; // another process was faster
      }
    }
    const temporary = temporaryName(target);
    await fs.promises.copyFile(blob, temporary);
    await fs.promises.rename(temporary, target);
  }

  /**
   * `<etag>.<process>.incomplete`, so that no two processes write one file.
   *
   * @param takeOver whether to go on with what a process that is gone has left: only for content that is verified in
   *   the end
   */
  async claimPartial(etag: string, takeOver: boolean): Promise<string> {
    const partial = `${this.blob(etag)}.${process.pid}.incomplete`;
    if (!takeOver) {
      await fs.promises.rm(partial, { force: true });
      return partial;
    }
    if (fs.existsSync(partial)) return partial;
    const prefix = `${etag}.`;
    for (const name of await fs.promises.readdir(path.dirname(partial))) {
      const owner = name.startsWith(prefix) ? /^(\d+)\.incomplete$/.exec(name.slice(prefix.length)) : null;
      if (!owner || isAlive(Number(owner[1]))) continue;
      try {
        await fs.promises.rename(path.join(path.dirname(partial), name), partial);
        return partial;
      } catch {
        // another process was faster
      }
    }
    return partial;
  }
}

function temporaryName(file: string): string {
  return `${file}.${process.pid}-${++written}.tmp`;
}

async function ifWritable(write: () => Promise<void>): Promise<void> {
  try {
    await write();
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code !== 'EACCES' && code !== 'EPERM' && code !== 'EROFS') throw error;
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}
