// Sets the project up: Node packages, a Python environment of its own, the notebook kernel. Does only what is missing.
import { createHash } from 'node:crypto';
import * as fs from 'node:fs';
import * as path from 'node:path';
import { fileURLToPath } from 'node:url';
import { ROOT, VENV, fail, inVenv, run } from './common.mjs';

const MIN_NODE = [20, 19];
const MIN_PYTHON = [3, 10];
/** Written last into .venv: says which requirements and which lock file the set-up was made for. */
const STAMP = path.join(VENV, 'blip-setup.json');

/** Makes the project ready to run. Quick when it is already. */
export async function setup() {
  checkNode();
  const wanted = fingerprint();
  const made = readStamp();
  if (made.node !== wanted.node || !fs.existsSync(path.join(ROOT, 'node_modules', 'tsx'))) await installNodePackages();
  if (made.python !== wanted.python || !fs.existsSync(inVenv('jupyter'))) await installPythonPackages();
  installKernel();
  quietJupyter();
  if (made.node !== wanted.node || made.python !== wanted.python) {
    fs.writeFileSync(`${STAMP}.tmp`, JSON.stringify(wanted));
    fs.renameSync(`${STAMP}.tmp`, STAMP);
  }
}

function checkNode() {
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major < MIN_NODE[0] || (major === MIN_NODE[0] && minor < MIN_NODE[1]))
    fail(`Node.js ${process.versions.node} is too old: ${MIN_NODE.join('.')} or newer is needed. Get it from nodejs.org, then run the command again.`);
}

function fingerprint() {
  const hash = (...names) => createHash('sha256').update(names.map((name) => fs.readFileSync(path.join(ROOT, name))).join('\0')).digest('hex');
  return { node: `${process.version} ${hash('package-lock.json', 'package.json')}`, python: hash('requirements.txt') };
}

function readStamp() {
  try { return JSON.parse(fs.readFileSync(STAMP, 'utf8')); } catch { return {}; }
}

async function installNodePackages() {
  console.log('Installing Node packages (about 230 MB, usually under a minute)');
  const npm = process.env.npm_execpath; // set when npm started this script
  const args = ['ci', '--no-audit', '--no-fund', '--loglevel=error'];
  const { code } = npm ? await run(process.execPath, [npm, ...args]) : await run(process.platform === 'win32' ? 'npm.cmd' : 'npm', args);
  if (code !== 0) fail('npm could not install the packages; its message stands above. Check the network or npm\'s registry setting, then run the command again.');
  await fetchOpenVINONode();
}

/** openvino-node's install script downloads its binary. It may fail: then OpenVINO's C API from the Python wheel does the work. */
async function fetchOpenVINONode() {
  const folder = path.join(ROOT, 'node_modules', 'openvino-node');
  if (!fs.existsSync(folder)) {
    console.log('openvino-node was left out by npm (it asks for Node 21 or newer): OpenVINO runs through the C API of the Python package, same interface');
    return;
  }
  console.log('Fetching openvino-node\'s binary (up to a minute)');
  const script = path.join(folder, 'scripts', 'download-runtime.js');
  const { code } = fs.existsSync(script) ? await run(process.execPath, [script], { cwd: folder, capture: true }) : { code: 1 };
  if (code !== 0) console.log('  not available here: OpenVINO runs through the C API of the Python package, same interface');
}

async function installPythonPackages() {
  const python = await findPython();
  console.log(`Installing Python packages into .venv with ${python.version} (about 900 MB on disk, one to three minutes)`);
  fs.rmSync(STAMP, { force: true });
  if (!fs.existsSync(inVenv('python')) || (await run(inVenv('python'), ['-m', 'pip', '--version'], { capture: true })).code !== 0) {
    fs.rmSync(VENV, { recursive: true, force: true });
    const made = await run(python.command, ['-m', 'venv', VENV], { capture: true });
    if (made.code !== 0) fail(`Python's venv module does not work:\n${made.output}\nOn Debian and Ubuntu, install it with: sudo apt install python3-venv`);
  }
  const { code, output } = await run(inVenv('python'), ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '-r', path.join(ROOT, 'requirements.txt')], { capture: true });
  if (code !== 0) fail(`pip could not install the packages:\n${output.slice(-3000)}\nCheck the network or pip's index setting, then run the command again.`);
}

async function findPython() {
  const seen = [];
  for (const command of ['python3', 'python', 'python3.13', 'python3.12', 'python3.11', 'python3.10']) {
    let result;
    try { result = await run(command, ['-c', 'import sys; print(*sys.version_info[:3], sep=".")'], { capture: true }); } catch { continue; }
    const [major, minor] = result.output.trim().split('.').map(Number);
    if (result.code === 0 && major === MIN_PYTHON[0] && minor >= MIN_PYTHON[1]) return { command, version: `Python ${result.output.trim()}` };
    seen.push(`${command} ${result.output.trim()}`);
  }
  return fail(`Python ${MIN_PYTHON.join('.')} or newer is needed (found: ${seen.join(', ') || 'none'}). Get it from python.org or your system's packages, then run the command again.`);
}

/** How Jupyter starts the kernel of the project in `root`. */
export function kernelSpec(root = ROOT) {
  return {
    // Node's check of its own bookkeeping would end the process when an interrupt stops a cell in the middle.
    argv: [process.execPath, '--no-force-async-hooks-checks', path.join(root, 'kernel', 'launch.cjs'), '--config-path', '{connection_file}'],
    display_name: 'TypeScript (BLIP)', language: 'typescript', interrupt_mode: 'message',
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

/** JupyterLab asks on its first start whether it may fetch news, and looks for newer versions: neither belongs in a lesson. */
function quietJupyter() {
  const file = path.join(VENV, 'share', 'jupyter', 'lab', 'settings', 'overrides.json');
  if (fs.existsSync(file)) return;
  fs.mkdirSync(path.dirname(file), { recursive: true });
  fs.writeFileSync(file, JSON.stringify({ '@jupyterlab/apputils-extension:notification': { fetchNews: 'false', checkForUpdates: false } }, null, 2));
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await setup();
  console.log('Ready. npm start runs the notebooks, npm test the tests, npm run lab opens JupyterLab.');
}
