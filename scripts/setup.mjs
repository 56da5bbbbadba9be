// Sets the project up: Node packages, a Python environment of its own, the notebook kernel. Does only what is missing.
// In a folder that `npm run bundle` made, packages come from it, without a network.
import { createHash } from 'node:crypto';
import * as fs from 'node:fs';
import * as path from 'node:path';
import { fileURLToPath } from 'node:url';
import { NODE_ARCHIVE, WHEELS, checkArchive, checkBundle, readBundle } from './bundle-manifest.mjs';
import { FILE_LIST, brokenPackage, writeFileList } from './check-packages.mjs';
import { chooseHome } from './choose-home.mjs';
import { INTERRUPTED_CODE, PYTHON, ROOT, VENV, fail, run } from './common.mjs';
import { fetchOpenVINONode } from './fetch-openvino-node.mjs';
import {
  InterruptedError,
  MIN_PYTHON,
  SetupError,
  ask,
  checkNode,
  findPython,
  makeEnvironment,
  pythonVersion,
} from './system.mjs';

/**
 * Each is written last into what it speaks for, and says what that was made for: a set-up that was cut short has none.
 */
const NODE_STAMP = path.join(ROOT, 'node_modules', '.blip-setup');
const PYTHON_STAMP = path.join(VENV, 'blip-setup');
/** Quick, and notices an environment whose Python was upgraded or removed. */
const PACKAGES_CHECK =
  'import importlib.util as u, sys; sys.exit(not all(map(u.find_spec, ("openvino", "nncf", "jupyterlab", ' +
  '"nbclient", "numpy"))))';
/**
 * Only files that requirements.txt has the digest of, and only wheels, so that no package runs code when it is
 * installed.
 */
const PIP_OPTIONS = ['--quiet', '--disable-pip-version-check', '--require-hashes', '--only-binary', ':all:'];

/**
 * Makes the project ready to run. Quick when it is already.
 * `explicit`: it was asked for, not run on the way to something else.
 */
export async function setup({ explicit = false } = {}) {
  try {
    checkNode();
    const told = chooseHome(ROOT);
    if (told) console.error(told);
    const locks = lockDigests();
    const bundle = readBundle(ROOT);
    if (bundle) checkBundle(bundle, process, locks);
    const node = `${process.version} ${locks.node}`;
    const broken = read(NODE_STAMP) === node ? brokenPackage(ROOT) : undefined;
    if (broken) console.log(`${broken}: the Node packages are installed again`);
    const installed = broken !== undefined || read(NODE_STAMP) !== node;
    if (installed) await (bundle ? unpackNodePackages(bundle, node) : installNodePackages(node));
    const offline = bundle !== undefined;
    if ((await fetchOpenVINONode({ explicit, installed, offline })).interrupted) throw new InterruptedError();
    if (read(PYTHON_STAMP) !== locks.python || !(await hasPythonPackages()))
      await installPythonPackages(locks.python, bundle);
    installKernel();
    quietJupyter();
  } catch (error) {
    if (error instanceof SetupError) fail(error.message, error instanceof InterruptedError ? INTERRUPTED_CODE : 1);
    throw error;
  }
}

/** What the packages are installed from: changes with the lock files. */
export function lockDigests() {
  const hash = (...names) =>
    createHash('sha256')
      .update(names.map((name) => fs.readFileSync(path.join(ROOT, name))).join('\0'))
      .digest('hex');
  return { node: hash('package-lock.json', 'package.json'), python: hash('requirements.txt') };
}

function read(file) {
  try {
    return fs.readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}

function stamp(file, text) {
  fs.writeFileSync(`${file}.tmp`, text);
  fs.renameSync(`${file}.tmp`, file);
}

async function installNodePackages(made) {
  console.log('Installing Node packages (about 230 MB, usually under a minute)');
  const cli = process.env.npm_execpath ?? ''; // set when npm started this script; other package managers set theirs
  // The notebooks' packages are devDependencies, which NODE_ENV=production would leave out; native parts are optional
  // ones.
  const args = ['ci', '--include=dev', '--include=optional', '--no-audit', '--no-fund', '--loglevel=error'];
  for (const file of [NODE_STAMP, path.join(ROOT, FILE_LIST)]) fs.rmSync(file, { force: true });
  const npm = cli.endsWith('npm-cli.js')
    ? [process.execPath, [cli, ...args]]
    : [process.platform === 'win32' ? 'npm.cmd' : 'npm', args];
  const { code, interrupted } = await run(...npm, { clock: true }).catch((error) => {
    throw new SetupError(
      `npm could not be started (${error.message}). It comes with Node.js: see nodejs.org, then run the command again.`,
    );
  });
  if (interrupted) throw new InterruptedError();
  if (code !== 0)
    throw new SetupError(
      "npm could not install the packages; its message stands above. Check the network or npm's registry setting, " +
        'then run the command again.',
    );
  const broken = brokenPackage(ROOT);
  if (broken)
    throw new SetupError(
      `npm reported success, but ${broken}. Check that the disk is not full, then run the command again.`,
    );
  writeFileList(ROOT);
  stamp(NODE_STAMP, made);
}

/** Unpacked beside its place, and moved there when it is whole. */
async function unpackNodePackages(bundle, made) {
  console.log('Unpacking Node packages from this folder (360 MB on disk, up to a minute)');
  for (const file of [NODE_STAMP, path.join(ROOT, FILE_LIST)]) fs.rmSync(file, { force: true });
  await checkArchive(ROOT, bundle);
  const python = await findPython({}, bundle.made_for.python);
  const [archive, target] = [path.join(ROOT, NODE_ARCHIVE), path.join(ROOT, '.unpacked')];
  const script = path.join(ROOT, 'scripts', 'unpack_archive.py');
  const { code, output, interrupted } = await run(python.command, [...python.args, script, archive, target], {
    capture: true,
    clock: true,
  });
  if (interrupted) throw new InterruptedError();
  if (code !== 0) throw new SetupError(`${archive} could not be unpacked:\n${output.trim().slice(-2000)}`);
  fs.rmSync(path.join(ROOT, 'node_modules'), { recursive: true, force: true });
  fs.renameSync(path.join(target, 'node_modules'), path.join(ROOT, 'node_modules'));
  fs.rmSync(target, { recursive: true });
  writeFileList(ROOT);
  stamp(NODE_STAMP, made);
}

async function hasPythonPackages() {
  return (await ask(PYTHON, ['-c', PACKAGES_CHECK])).code === 0;
}

/** What a person can do about pip's failure. */
function pipAdvice(output) {
  return /DO NOT MATCH THE HASHES/i.test(output)
    ? 'The files are not those that requirements.txt was locked with. Point pip at PyPI or at an exact mirror of it'
    : "Check the network or pip's index setting";
}

async function installPythonPackages(made, bundle) {
  fs.rmSync(PYTHON_STAMP, { force: true });
  if (!(await hasUsableEnvironment(bundle?.made_for.python))) {
    const python = await findPython({}, bundle?.made_for.python);
    console.log(`Making a Python environment in .venv with Python ${python.version} (some seconds)`);
    await makeEnvironment(python, VENV);
  }
  console.log('Installing Python packages into .venv (about 900 MB on disk, one to three minutes)');
  const from = bundle ? ['--no-index', '--find-links', path.join(ROOT, WHEELS)] : [];
  const { code, output, interrupted } = await run(
    PYTHON,
    ['-m', 'pip', 'install', ...PIP_OPTIONS, ...from, '-r', path.join(ROOT, 'requirements.txt')],
    { capture: true, clock: true },
  );
  if (interrupted) throw new InterruptedError();
  if (code !== 0)
    throw new SetupError(
      `pip could not install the packages:\n${output.slice(-3000)}\n` +
        `${bundle ? 'Copy the bundle again' : pipAdvice(output)}, then run the command again.`,
    );
  stamp(PYTHON_STAMP, made);
}

/**
 * An environment of an earlier set-up, if its Python still runs, is new enough (or the `exact` one) and has pip: then
 * only what changed is installed.
 */
async function hasUsableEnvironment(exact) {
  const version = await pythonVersion(PYTHON);
  if (version && exact && !version.startsWith(`${exact}.`)) return false;
  if (!version || Number(version.split('.')[1]) < MIN_PYTHON[1]) return false;
  return (await ask(PYTHON, ['-m', 'pip', '--version'])).code === 0;
}

/** How Jupyter starts the kernel of the project in `root`. */
export function kernelSpec(root = ROOT) {
  return {
    // Node's check of its own bookkeeping would end the process when an interrupt stops a cell in the middle.
    argv: [
      process.execPath,
      '--no-force-async-hooks-checks',
      path.join(root, 'kernel', 'launch.cjs'),
      '--config-path',
      '{connection_file}',
    ],
    display_name: 'TypeScript (BLIP)',
    language: 'typescript',
    interrupt_mode: 'message',
  };
}

/** Registers the kernel inside .venv, where only this project's Jupyter finds it. */
function installKernel() {
  const folder = path.join(VENV, 'share', 'jupyter', 'kernels', 'tslab');
  const spec = JSON.stringify(kernelSpec(), null, 2);
  const file = path.join(folder, 'kernel.json');
  if (fs.existsSync(file) && fs.readFileSync(file, 'utf8') === spec) return;
  fs.mkdirSync(folder, { recursive: true });
  fs.writeFileSync(file, spec);
}

/**
 * JupyterLab asks on its first start whether it may fetch news, and looks for newer versions: neither belongs in a
 * lesson.
 */
function quietJupyter() {
  const file = path.join(VENV, 'share', 'jupyter', 'lab', 'settings', 'overrides.json');
  if (fs.existsSync(file)) return;
  fs.mkdirSync(path.dirname(file), { recursive: true });
  fs.writeFileSync(
    file,
    JSON.stringify(
      { '@jupyterlab/apputils-extension:notification': { fetchNews: 'false', checkForUpdates: false } },
      null,
      2,
    ),
  );
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await setup({ explicit: true });
  console.log('Ready. npm start runs the notebooks, npm test the tests, npm run lab opens JupyterLab.');
}
