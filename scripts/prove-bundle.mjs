// node scripts/prove-bundle.mjs FOLDER: proves a bundle as a pupil's machine would: copied, in an empty home folder,
// without a network, with no other environment variables. Runs `npm start`, then `npm run lab` until JupyterLab has
// answered and a kernel of the project is ready. On Linux the network is taken away by a namespace of its own (unshare
// and ip are needed); elsewhere proxies lead nowhere, which stops npm and pip.
import { spawn, spawnSync } from 'node:child_process';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const LAB_TIMEOUT_MS = 120_000;
const NOWHERE = 'http://127.0.0.1:9';

const [bundle, inside] = process.argv.slice(2);
if (!bundle) {
  console.error('Usage: node scripts/prove-bundle.mjs FOLDER');
  process.exit(2);
}
if (process.platform === 'linux' && !inside) {
  const again = [process.execPath, fileURLToPath(import.meta.url), path.resolve(bundle), '--inside'];
  const script = 'ip link set lo up && exec "$@"';
  process.exit(spawnSync('unshare', ['-rn', 'sh', '-c', script, 'sh', ...again], { stdio: 'inherit' }).status ?? 1);
}

const outside = fs.mkdtempSync(path.join(os.tmpdir(), 'blip-bundle-'));
const home = path.join(outside, 'home');
const project = path.join(outside, 'blip');
try {
  await prove();
} finally {
  fs.rmSync(outside, { recursive: true, force: true });
}

async function prove() {
  await requireNoNetwork();
  fs.mkdirSync(home);
  timed('copied', () => fs.cpSync(bundle, project, { recursive: true }));
  const started = timed('npm start', () => spawnSync('npm', ['start'], { ...where(), stdio: 'inherit' }));
  if (started.status !== 0) throw new Error(`npm start ended with ${started.status}`);
  timed('npm run setup again', () => spawnSync('npm', ['run', 'setup'], { ...where(), stdio: 'inherit' }));
  await proveLab();
  const { stdout } = spawnSync('du', ['-sm', project, home], { encoding: 'utf8' });
  console.log(`Proved. On the disk, in MB:\n${stdout.replaceAll(`${outside}${path.sep}`, '')}`);
}

/** The project's own commands, with nothing of this machine but its programs. */
function where() {
  const python = spawnSync('python3', ['-c', 'import sys; print(sys._base_executable)'], { encoding: 'utf8' });
  const places = [path.dirname(process.execPath), path.dirname(python.stdout.trim()), '/usr/bin', '/bin'];
  const env = {
    PATH: process.platform === 'win32' ? process.env.PATH : [...new Set(places)].join(path.delimiter),
    HOME: home,
    ...(process.platform === 'linux' ? {} : { HTTP_PROXY: NOWHERE, HTTPS_PROXY: NOWHERE }),
  };
  return { cwd: project, env, shell: process.platform === 'win32' };
}

async function requireNoNetwork() {
  if (process.platform !== 'linux') return;
  const { networkInterfaces } = os;
  const others = Object.values(networkInterfaces())
    .flat()
    .filter(({ internal }) => !internal);
  if (others.length > 0) throw new Error('there is still a network');
}

function timed(title, work) {
  const started = Date.now();
  const result = work();
  console.log(`[${title}: ${((Date.now() - started) / 1000).toFixed(1)} s]`);
  return result;
}

async function proveLab() {
  const lab = spawn('npm', ['run', 'lab', '--', '--no-browser', '--port=0'], {
    ...where(),
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [lab.stdout, lab.stderr])
    stream.on('data', (data) => {
      output += data;
    });
  try {
    const [, base, token] = await until(
      () => /(http:\/\/127\.0\.0\.1:\d+)\/lab.*token=(\w+)/.exec(output),
      () => output,
    );
    const ask = async (place, method = 'GET', body) => {
      const headers = { Authorization: `token ${token}` };
      const response = await fetch(base + place, { method, headers, body });
      if (!response.ok) throw new Error(`${place}: ${response.status}`);
      return response;
    };
    await ask('/lab/tree/notebooks/233-blip-convert.ipynb');
    const { id } = await (await ask('/api/kernels', 'POST', JSON.stringify({ name: 'tslab' }))).json();
    await until(async () => (await (await ask('/api/kernels')).json()).find((kernel) => kernel.id === id));
    await ask(`/api/kernels/${id}`, 'DELETE');
    console.log('[npm run lab: the page and a kernel are there]');
  } finally {
    process.kill(-lab.pid, 'SIGTERM');
  }
}

async function until(done, explain = () => '') {
  for (const end = Date.now() + LAB_TIMEOUT_MS; Date.now() < end; await sleep(200)) {
    const result = await done();
    if (result) return result;
  }
  throw new Error(`JupyterLab was not ready in time\n${explain()}`);
}
