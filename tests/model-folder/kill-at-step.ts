// What tests of interrupted writing share: a process that is killed at a step, and what a folder then holds.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import * as fs from 'node:fs';
import * as path from 'node:path';
import { projectRoot } from '../project-root';

const TSX = path.join(projectRoot(), 'node_modules', 'tsx', 'dist', 'loader.mjs');

/** Names and digests of everything in a folder. */
export function folderContents(folder: string): Record<string, string> {
  const hash = (file: string): string => createHash('sha256').update(fs.readFileSync(file)).digest('hex');
  return Object.fromEntries(
    fs
      .readdirSync(folder, { withFileTypes: true })
      .map((entry) => [entry.name, entry.isFile() ? hash(path.join(folder, entry.name)) : 'folder']),
  );
}

/**
 * Runs a script until it is killed at a step that changes `folder`, counted from 1.
 *
 * @param script loads inject-fs.ts first; its folder is in `process.env.INJECT_ROOT`
 * @param where names the step where it was not reached
 */
export async function killAtStep(script: string, folder: string, step: number, where: string): Promise<void> {
  const child = spawn(process.execPath, ['--import', TSX, '-e', script], {
    cwd: projectRoot(),
    env: { ...process.env, INJECT_ROOT: folder, INJECT_KILL_AT: String(step) },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  assert.deepEqual(await once(child, 'exit'), [null, 'SIGKILL'], where);
}
