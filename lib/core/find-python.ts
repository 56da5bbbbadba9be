// Python environments that a program on this machine would use, and the packages in them. Nothing of Python is run but
// `python3` once.
import { spawnSync } from 'node:child_process';
import * as fs from 'node:fs';
import * as path from 'node:path';
import { statOrNothing } from './is-plain-file';
import { parseJSON } from './read-json';

/** The folder of a Python package. */
export interface PythonPackage {
  /** The interpreter that it belongs to; undefined where only the packages of an environment are left. */
  readonly python: string | undefined;
  readonly folder: string;
}

/** `python3` answers in some hundredths of a second; on a busy machine, from a cold disk, in seconds. */
const ASK_TIMEOUT_MS = 20_000;
const MAX_ANSWER_BYTES = 1 << 16;
/** The first of these that runs is asked. On Windows `python3` is often a link to the store. */
const COMMANDS = process.platform === 'win32' ? ['python', 'py', 'python3'] : ['python3', 'python'];
/** Finds a package without importing it. A folder of that name in the working folder is none. */
const ASK = `
import importlib.util, json, sys
sys.path = [place for place in sys.path if place]
spec = importlib.util.find_spec(sys.argv[1])
places = list(spec.submodule_search_locations or []) if spec and spec.origin else []
print(json.dumps({"python": sys.executable, "folder": places[0] if places else None}))
`;

/**
 * The environments that have the package `name`, the one to prefer first: `VIRTUAL_ENV`, a `.venv` at or above the
 * working folder or this library, the `python3` on the path. Lazy: `python3` is started only when the caller goes on to
 * it.
 *
 * @param options.tried gets a line for every place without the package
 * @param options.timeout_ms for `python3` to answer
 */
export function* pythonPackages(
  name: string,
  { tried = [], timeout_ms = ASK_TIMEOUT_MS }: { readonly tried?: string[]; readonly timeout_ms?: number } = {},
): Generator<PythonPackage> {
  for (const { folder, origin } of virtualEnvironments()) {
    const found = sitePackages(folder)
      .map((site) => path.join(site, name))
      .find((place) => fs.existsSync(place));
    const python = interpreter(folder);
    if (found !== undefined) yield { python: fs.existsSync(python) ? python : undefined, folder: found };
    else tried.push(`${origin} (${fs.existsSync(folder) ? `without the package ${name}` : 'no such folder'})`);
  }
  const answer = askPython(name, timeout_ms);
  if ('problem' in answer) tried.push(answer.problem);
  else yield answer;
}

/**
 * The command that installs packages where {@link pythonPackages} finds them.
 *
 * @example
 * pipInstall('openvino') // 'python3 -m venv .venv && .venv/bin/python -m pip install openvino'
 */
export function pipInstall(...packages: readonly string[]): string {
  const present = virtualEnvironments()
    .map(({ folder }) => interpreter(folder))
    .find((python) => fs.existsSync(python));
  const install = `${present ?? interpreter('.venv')} -m pip install ${packages.join(' ')}`;
  return present === undefined ? `${COMMANDS[0]} -m venv .venv && ${install}` : install;
}

interface Environment {
  readonly folder: string;
  /** How it came into question, for the message. */
  readonly origin: string;
}

function virtualEnvironments(): Environment[] {
  const found: Environment[] = [];
  const { VIRTUAL_ENV } = process.env;
  if (VIRTUAL_ENV) found.push({ folder: path.resolve(VIRTUAL_ENV), origin: `VIRTUAL_ENV=${VIRTUAL_ENV}` });
  for (const [start, what] of [
    [process.cwd(), 'the working folder'],
    [__dirname, 'this library'],
  ] as const) {
    const folder = nearest(start, '.venv');
    if (folder === undefined)
      found.push({ folder: path.join(start, '.venv'), origin: `.venv at or above ${start}, ${what}` });
    else if (!found.some((other) => other.folder === folder)) found.push({ folder, origin: folder });
  }
  return found;
}

/** The nearest folder of that name in `start` or above it. */
function nearest(start: string, name: string): string | undefined {
  for (let folder = start; ; folder = path.dirname(folder)) {
    const place = path.join(folder, name);
    if (statOrNothing(place)?.isDirectory()) return place;
    if (folder === path.dirname(folder)) return undefined;
  }
}

function interpreter(environment: string): string {
  return process.platform === 'win32'
    ? path.join(environment, 'Scripts', 'python.exe')
    : path.join(environment, 'bin', 'python');
}

function sitePackages(environment: string): string[] {
  const unix = path.join(environment, 'lib');
  const pythons = fs.existsSync(unix) ? fs.readdirSync(unix).filter((name) => name.startsWith('python')) : [];
  return [
    ...pythons.map((name) => path.join(unix, name, 'site-packages')),
    path.join(environment, 'Lib', 'site-packages'),
  ];
}

type Answer = PythonPackage | { readonly problem: string };

/** By package and path: what was found is not asked for again. What is missing may be installed in the meantime. */
const answers = new Map<string, PythonPackage>();

function askPython(name: string, timeout: number): Answer {
  const key = `${name} ${process.env.PATH}`;
  const known = answers.get(key);
  if (known) return known;
  const answer = ask(name, timeout);
  if (!('problem' in answer)) answers.set(key, answer);
  return answer;
}

function ask(name: string, timeout: number): Answer {
  for (const command of COMMANDS) {
    const { status, stdout, error } = spawnSync(command, ['-c', ASK, name], {
      encoding: 'utf8',
      timeout,
      killSignal: 'SIGKILL',
      maxBuffer: MAX_ANSWER_BYTES,
      stdio: ['ignore', 'pipe', 'ignore'],
      windowsHide: true,
    });
    if (error && 'code' in error && error.code === 'ETIMEDOUT')
      return { problem: `${command} on the path (no answer within ${timeout / 1000} s)` };
    const found = status === 0 ? parseAnswer(stdout) : undefined;
    if (!found) continue; // not there, or a placeholder of that name that only prints advice
    const { python, folder } = found;
    return folder === undefined
      ? { problem: `${python}, ${command} on the path (without the package ${name})` }
      : { python, folder };
  }
  return { problem: `${COMMANDS.join(', ')} on the path (none runs)` };
}

function parseAnswer(text: string): { python: string; folder: string | undefined } | undefined {
  let answer: unknown;
  try {
    answer = parseJSON(text, 'the answer');
  } catch {
    return undefined;
  }
  if (typeof answer !== 'object' || answer === null || !('python' in answer) || !('folder' in answer)) return undefined;
  const { python, folder } = answer;
  if (typeof python !== 'string' || python === '') return undefined;
  return { python, folder: typeof folder === 'string' ? folder : undefined };
}
