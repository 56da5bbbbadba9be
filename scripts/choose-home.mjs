// A home folder that programs can write to: npm, pip and Jupyter keep their own files there and fail without one. Where
// the user's cannot be written (a container that runs as any user, a home that is mounted read-only), one in this
// project is used.
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';

/** Below output, which git leaves out and anybody may remove. */
const INSTEAD = path.join('output', 'home');

/**
 * Sets HOME for this process and those that it starts, where the user has none that can be written.
 * @param {string} root the project's folder
 * @returns {string | undefined} what to tell the user, where HOME was changed
 */
export function chooseHome(root) {
  if (process.platform === 'win32') return undefined;
  const home = homeFolder();
  if (home !== undefined && canBeWritten(home)) return undefined;
  const folder = path.join(root, INSTEAD);
  try {
    fs.mkdirSync(folder, { recursive: true });
  } catch {
    return undefined; // a project that cannot be written either: what needs a home says so
  }
  process.env.HOME = folder;
  // npm hands its own folders on to the scripts that it runs.
  for (const name of ['npm_config_cache', 'npm_config_userconfig', 'npm_config_logs_dir'])
    if (isInside(process.env[name], home)) delete process.env[name];
  const problem = home === undefined ? 'This user has no home folder' : `${home} cannot be written`;
  return `${problem}: ${INSTEAD} is used instead.`;
}

/** As Node.js and npm find it. */
function homeFolder() {
  try {
    const home = os.homedir();
    return path.isAbsolute(home) ? home : undefined;
  } catch {
    return undefined; // HOME is not set, and the system does not know the user
  }
}

/** The folder, or the nearest one above it that is there. */
function canBeWritten(folder) {
  try {
    fs.accessSync(folder, fs.constants.W_OK | fs.constants.X_OK);
    return fs.statSync(folder).isDirectory();
  } catch (error) {
    return error.code === 'ENOENT' && path.dirname(folder) !== folder && canBeWritten(path.dirname(folder));
  }
}

function isInside(file, folder) {
  return file !== undefined && (folder === undefined || file.startsWith(path.join(folder, path.sep)));
}
