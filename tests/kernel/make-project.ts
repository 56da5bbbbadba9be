// A small project for tests of the kernel: its own kernel and lib, and this project's packages.
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { projectRoot } from '../project-root';

/** A small project with a kernel and a lib of its own; its path has a blank and letters beyond ASCII. */
export function makeProject(): string {
  const root = fs.realpathSync(fs.mkdtempSync(path.join(os.tmpdir(), 'kernel tést ')));
  fs.cpSync(path.join(projectRoot(), 'kernel'), path.join(root, 'kernel'), { recursive: true });
  for (const folder of ['node_modules', 'notebooks', 'lib']) fs.mkdirSync(path.join(root, folder));
  for (const name of fs.readdirSync(path.join(projectRoot(), 'node_modules')))
    fs.symlinkSync(path.join(projectRoot(), 'node_modules', name), path.join(root, 'node_modules', name), 'junction');
  fs.writeFileSync(path.join(root, 'lib', 'index.ts'), 'export const answer: number = 42;\n');
  return root;
}
