// The folder layout of Python's huggingface_hub cache, below models--Org--Name:
// refs/<revision> holds a commit, snapshots/<commit>/<file> links to blobs/<etag>.
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';

/** Makes temporary names unique within this process. */
let written = 0;

/** A relative symbolic link as Python writes it; a copy where links are not allowed (Windows). */
export async function link(blob: string, target: string): Promise<void> {
  if (fs.existsSync(target)) return;
  await fs.promises.mkdir(path.dirname(target), { recursive: true });
  await fs.promises.rm(target, { force: true });
  try {
    await fs.promises.symlink(path.relative(path.dirname(target), blob), target);
  } catch {
    if (fs.existsSync(target)) return; // another process was faster
    const temporary = `${target}.${process.pid}-${++written}.tmp`;
    await fs.promises.copyFile(blob, temporary);
    await fs.promises.rename(temporary, target);
  }
}

/** Under a name of this call first, then renamed: a reader never sees half of it. */
export async function writeAtomically(file: string, text: string): Promise<void> {
  await fs.promises.mkdir(path.dirname(file), { recursive: true });
  const temporary = `${file}.${process.pid}-${++written}.tmp`;
  await fs.promises.writeFile(temporary, text);
  await fs.promises.rename(temporary, file);
}

/** Where Python's huggingface_hub keeps its downloads under the same environment. */
export function defaultCache(): string {
  const { HF_HUB_CACHE, HF_HOME, XDG_CACHE_HOME } = process.env;
  const home = HF_HOME || path.join(XDG_CACHE_HOME || path.join('~', '.cache'), 'huggingface');
  return (HF_HUB_CACHE || path.join(home, 'hub')).replace(/^~(?=$|[\\/])/, os.homedir());
}

/** The folder that a branch, tag or commit stands for; it may not exist. */
export function snapshotFolder(store: string, revision: string): string {
  const ref = path.join(store, 'refs', revision);
  return path.join(store, 'snapshots', fs.existsSync(ref) ? fs.readFileSync(ref, 'utf8').trim() : revision);
}

/** `<etag>.<process>.incomplete`; takes over what a process that is gone has left, so that no two processes write one file. */
export async function claimPartial(blob: string): Promise<string> {
  const partial = `${blob}.${process.pid}.incomplete`;
  if (fs.existsSync(partial)) return partial;
  const prefix = `${path.basename(blob)}.`;
  for (const name of await fs.promises.readdir(path.dirname(blob))) {
    const owner = name.startsWith(prefix) ? /^(\d+)\.incomplete$/.exec(name.slice(prefix.length)) : null;
    if (!owner || isAlive(Number(owner[1]))) continue;
    try {
      await fs.promises.rename(path.join(path.dirname(blob), name), partial);
      return partial;
    } catch {
      /* another process was faster */
    }
  }
  return partial;
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}
