// What the machine must bring: Node.js, and a Python that can make an environment. Finds them, or says in one message
// what to do.
import { run } from './common.mjs';

const MIN_NODE = [20, 19];
export const MIN_PYTHON = [3, 10];
/**
 * `python3` first: it is what people mean; the numbered ones for systems whose `python3` is older; `py` is Windows'
 * launcher.
 */
const PYTHONS = [
  ['python3'],
  ['python'],
  ['python3.14'],
  ['python3.13'],
  ['python3.12'],
  ['python3.11'],
  ['python3.10'],
  ['py', '-3'],
];

/** Its message is for the reader: no stack needed. */
export class SetupError extends Error {}

/** The set-up was interrupted, and goes on where it was when the command is run again. */
export class InterruptedError extends SetupError {
  constructor() {
    super('Interrupted. Run the command again to continue.');
  }
}

/**
 * What a program answers; code 1 for one that cannot be started. An interrupt in between ends the set-up: the answer
 * that it cut short would be taken for a no.
 *
 * @throws {InterruptedError}
 */
export async function ask(program, args, env = {}) {
  const answer = await run(program, args, { capture: true, env }).catch(() => ({ code: 1, output: '' }));
  if (answer.interrupted) throw new InterruptedError();
  return answer;
}

/** @throws {SetupError} when this Node.js is too old */
export function checkNode(version = process.versions.node) {
  const [major, minor] = version.split('.').map(Number);
  if (major < MIN_NODE[0] || (major === MIN_NODE[0] && minor < MIN_NODE[1]))
    throw new SetupError(
      `Node.js ${version} is too old: ${MIN_NODE.join('.')} or newer is needed. Get it from nodejs.org, then run ` +
        'the command again.',
    );
}

/**
 * The first Python on the PATH that is new enough.
 *
 * @param exact such as `3.12`: the only version that will do
 * @returns {Promise<{ command: string, args: string[], version: string }>} `args` come before all others
 * @throws {SetupError} with every version that was found
 */
export async function findPython(env = {}, exact) {
  const seen = [];
  for (const [command, ...args] of PYTHONS) {
    const version = await pythonVersion(command, args, env);
    if (!version) continue;
    const [major, minor] = version.split('.').map(Number);
    const isGood = exact ? `${major}.${minor}` === exact : major === MIN_PYTHON[0] && minor >= MIN_PYTHON[1];
    if (isGood) return { command, args, version };
    seen.push(`${command} is ${version}`);
  }
  const needed = exact
    ? `${exact} is needed, for which this folder was bundled`
    : `${MIN_PYTHON.join('.')} or newer is needed`;
  throw new SetupError(
    `Python ${needed} (found: ${seen.join(', ') || 'none'}). Get it from python.org or your system's packages, ` +
      'then run the command again.',
  );
}

/**
 * Undefined for what is not there or is no Python: pyenv and Windows put commands of that name on the PATH that only
 * print a hint.
 */
export async function pythonVersion(command, args = [], env = {}) {
  const script = 'import sys; print(*sys.version_info[:3], sep=".")';
  const { code, output } = await ask(command, [...args, '-c', script], env);
  return code === 0 ? /^\d+\.\d+\.\d+$/m.exec(output)?.[0] : undefined;
}

/**
 * Makes a Python environment.
 *
 * @throws {SetupError} when the venv module, or pip within it, is missing
 */
export async function makeEnvironment(python, folder, env = {}) {
  const { code, output, interrupted } = await run(python.command, [...python.args, '-m', 'venv', '--clear', folder], {
    capture: true,
    env,
  });
  if (interrupted) throw new InterruptedError();
  if (code !== 0)
    throw new SetupError(
      `${python.command} (Python ${python.version}) cannot make an environment:\n${output.trim()}\n\nOn Debian ` +
        'and Ubuntu its venv module is a package of its own: sudo apt install python3-venv. Then run the command ' +
        'again.',
    );
}
