// Projects of their own for tests of what is found and loaded: they hold the library and what a case needs.
import { execFileSync } from 'node:child_process';
import * as fs from 'node:fs';
import * as path from 'node:path';

const ROOT = path.join(__dirname, '..', '..');
const TSX = path.join(ROOT, 'node_modules', 'tsx', 'dist', 'loader.mjs');

/** A project that has lib and nothing else, neither OpenVINO nor a Python; koffi and tsx come from this one. */
export function makeProject(root: string): string {
  fs.mkdirSync(path.join(root, 'node_modules'), { recursive: true });
  fs.writeFileSync(path.join(root, 'package.json'), JSON.stringify({ name: 'blip-openvino' }));
  fs.cpSync(path.join(ROOT, 'lib'), path.join(root, 'lib'), { recursive: true });
  fs.symlinkSync(path.join(ROOT, 'node_modules', 'koffi'), path.join(root, 'node_modules', 'koffi'));
  return root;
}

export type Step = readonly [code: string, env?: Readonly<Record<string, string>>];

/**
 * Runs the steps in `root` one after the other, with `ov` = the room's exports: what each prints, or its error's class
 * and message.
 */
export function runIn(root: string, ...steps: readonly Step[]): string[] {
  const nothing = { BLIP_OPENVINO_RUNTIME: '', BLIP_OPENVINO_LIBS: '', VIRTUAL_ENV: '', PATH: '' };
  const blocks = steps.map(([code, env = {}]) => {
    const environment = JSON.stringify({ ...nothing, BLIP_CACHE: path.join(root, 'cache'), ...env });
    return `Object.assign(process.env, ${environment});
      try { ${code} } catch (error) { console.log(error.name + ': ' + error.message); } console.log('${SEPARATOR}');`;
  });
  const script = `const ov = require('./lib/openvino'); const fs = require('node:fs');\n${blocks.join('\n')}`;
  const output = execFileSync(process.execPath, ['--import', TSX, '-e', script], { cwd: root, encoding: 'utf8' });
  return output
    .split(`${SEPARATOR}\n`)
    .slice(0, -1)
    .map((text) => text.trim());
}

const SEPARATOR = '--- next ---';
