// The package as a user gets it: built, packed, and installed in an empty project outside this one.
import { spawnSync } from 'node:child_process';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { projectRoot } from '../project-root';

export interface Finished {
  readonly code: number | null;
  readonly output: string;
}

/** A machine that has eight other programs to run takes its time. */
const TIMEOUT_MS = 300_000;
/** npm without a network, or offline without the packages in its cache. */
const UNREACHABLE = /ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH|ENOTCACHED|ERR_SOCKET_TIMEOUT/;

export function runNode(args: readonly string[], cwd: string, env: NodeJS.ProcessEnv = process.env): Finished {
  const { status, stdout, stderr, error } = spawnSync(process.execPath, args, {
    cwd,
    env,
    encoding: 'utf8',
    timeout: TIMEOUT_MS,
    maxBuffer: 2 ** 26,
  });
  return { code: status, output: `${stdout ?? ''}${stderr ?? ''}${error ? error.message : ''}` };
}

/** npm as a program of Node: its command is a script of another kind on each platform. */
function npm(args: readonly string[], cwd: string): Finished {
  const { npm_execpath } = process.env;
  const places = [
    ...(npm_execpath?.endsWith('npm-cli.js') ? [npm_execpath] : []),
    path.join(path.dirname(process.execPath), '..', 'lib', 'node_modules', 'npm', 'bin', 'npm-cli.js'),
    path.join(path.dirname(process.execPath), 'node_modules', 'npm', 'bin', 'npm-cli.js'),
    path.join(path.dirname(process.execPath), '..', 'share', 'nodejs', 'npm', 'bin', 'npm-cli.js'),
  ];
  const cli = places.find((file) => fs.existsSync(file));
  if (!cli) throw new Error(`npm-cli.js was not found; looked at ${places.join(', ')}`);
  return runNode([cli, ...args], cwd);
}

export interface Installed {
  /** An empty project but for the package. */
  readonly project: string;
  /** Paths in the tarball. */
  readonly files: readonly string[];
}

/** @returns why not, where npm cannot reach its registry */
export function installPackage(): Installed | { readonly unreachable: string } {
  const root = projectRoot();
  const work = fs.realpathSync(fs.mkdtempSync(path.join(os.tmpdir(), 'blip-package-')));
  const built = runNode([path.join('scripts', 'build.mjs')], root);
  if (built.code !== 0) throw new Error(`The build failed:\n${built.output}`);
  const packed = npm(['pack', '--json', '--ignore-scripts', '--pack-destination', work], root);
  if (packed.code !== 0) throw new Error(`npm pack failed:\n${packed.output}`);
  const list: unknown = JSON.parse(packed.output.slice(packed.output.indexOf('[')));
  const [{ filename, files }] = parsePacked(list);
  const project = path.join(work, 'project');
  fs.mkdirSync(project);
  fs.writeFileSync(path.join(project, 'package.json'), JSON.stringify({ name: 'a-user', private: true }));
  // No scripts: openvino-node's asks another host for its binary. The C API serves without it.
  const flags = ['--prefer-offline', '--no-audit', '--no-fund', '--ignore-scripts', '--fetch-retries=1'];
  const installed = npm(['install', path.join(work, filename), ...flags], project);
  if (installed.code !== 0 && UNREACHABLE.test(installed.output)) {
    fs.rmSync(work, { recursive: true, force: true });
    return { unreachable: installed.output.split('\n').find((line) => UNREACHABLE.test(line)) ?? 'no network' };
  }
  if (installed.code !== 0) throw new Error(`npm install failed:\n${installed.output}`);
  return { project, files };
}

function parsePacked(list: unknown): [{ filename: string; files: string[] }] {
  const first: unknown = Array.isArray(list) ? list[0] : undefined;
  if (typeof first !== 'object' || first === null || !('filename' in first) || !('files' in first))
    throw new Error('npm pack --json printed something else than a list of tarballs');
  const { filename, files } = first;
  if (typeof filename !== 'string' || !Array.isArray(files))
    throw new Error('npm pack --json: no filename, or no files');
  const paths = files.map((file: unknown) =>
    typeof file === 'object' && file !== null && 'path' in file ? String(file.path) : '',
  );
  return [{ filename, files: paths }];
}
