// Pictures of both notebooks in JupyterLab, at a figure, in light and dark. They show the saved outputs, which are
// trusted as those of one's own run are: no cell runs.
import { execFileSync, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Browser, Page } from 'playwright-core';
import { brokenImages, type Shot } from './screenshot-page';

const ROOT = path.resolve(__dirname, '..');
const PYTHON = path.join(ROOT, '.venv', process.platform === 'win32' ? 'Scripts/python.exe' : 'bin/python');
const TIMEOUT_MS = 180_000;
const VIEWPORT = { width: 1100, height: 800 };
const LAST_LINES = 2000;
const THEMES = { light: 'JupyterLab Light', dark: 'JupyterLab Dark' } as const;
/** A cell is named by what its code begins with; `figure` alone takes its image without the page around it. */
const PLACES = [
  { name: 'convert', notebook: '233-blip-convert.ipynb', code: 'let lookingModel', figure: false },
  { name: 'optimize', notebook: '233-blip-optimize.ipynb', code: 'const { device_name', figure: false },
  { name: 'optimize-chart', notebook: '233-blip-optimize.ipynb', code: 'nb.showSizeChart', figure: true },
];

export async function screenshotLab(browser: Browser, folder: string): Promise<Shot[]> {
  const work = fs.mkdtempSync(path.join(os.tmpdir(), 'blip-lab-'));
  const token = randomBytes(16).toString('hex');
  // The user's own settings and workspaces stay as they are, and none of them shows.
  const env = {
    ...process.env,
    JUPYTERLAB_SETTINGS_DIR: path.join(work, 'settings'),
    JUPYTERLAB_WORKSPACES_DIR: path.join(work, 'workspaces'),
    JUPYTER_RUNTIME_DIR: path.join(work, 'runtime'),
    JUPYTER_CONFIG_DIR: path.join(work, 'config'),
    JUPYTER_DATA_DIR: path.join(work, 'data'),
    JUPYTER_TOKEN: token,
  };
  await installKernel(path.join(work, 'data', 'kernels', 'tslab'));
  const notebooks = [...new Set(PLACES.map(({ notebook }) => path.join('notebooks', notebook)))];
  execFileSync(PYTHON, ['-m', 'jupyter', 'trust', ...notebooks], { cwd: ROOT, env, stdio: 'ignore' });
  const args = ['-m', 'jupyterlab', '--no-browser', '--port=0', '--ServerApp.root_dir=.', '--allow-root'];
  const lab = spawn(PYTHON, args, { cwd: ROOT, env, stdio: ['ignore', 'ignore', 'pipe'] });
  const ended = new Promise<void>((resolve) => lab.on('close', () => resolve()));
  try {
    const address = await firstAddress(lab.stderr);
    const shots: Shot[] = [];
    for (const [scheme, theme] of Object.entries(THEMES)) {
      await putSettings(address, token, '@jupyterlab/apputils-extension:themes', { theme });
      // All cells in the page, so that each can be found.
      await putSettings(address, token, '@jupyterlab/notebook-extension:tracker', { windowingMode: 'none' });
      for (const place of PLACES) {
        const file = path.join(folder, `${place.name}-${scheme}.png`);
        const page = await browser.newPage({ viewport: VIEWPORT, deviceScaleFactor: place.figure ? 2 : 1 });
        page.setDefaultTimeout(TIMEOUT_MS);
        await page.goto(`${address}/doc/tree/notebooks/${place.notebook}?token=${token}`);
        shots.push({ file, broken: await takePicture(page, { ...place, file }) });
        await page.close();
      }
    }
    return shots;
  } finally {
    lab.kill('SIGTERM');
    await ended;
    fs.rmSync(work, { recursive: true, force: true });
  }
}

async function takePicture(page: Page, place: (typeof PLACES)[number] & { file: string }): Promise<string[]> {
  const cell = page.locator('.jp-CodeCell').filter({ hasText: place.code }).first();
  const image = cell.locator('.jp-OutputArea-output :is(img, .js-plotly-plot .svg-container)').first();
  await image.waitFor();
  await page.evaluate('document.querySelectorAll(".jp-toast, .Toastify").forEach((toast) => toast.remove())');
  const broken = await brokenImages(page);
  if (await page.locator('.jp-Dialog').count()) broken.push('a dialog of JupyterLab is in front');
  if (place.figure) await image.screenshot({ path: place.file });
  else {
    await image.evaluate((element) => element.scrollIntoView({ block: 'end' }));
    await page.screenshot({ path: place.file });
  }
  return broken;
}

/** As the set-up does: without its kernel JupyterLab asks for another one. */
async function installKernel(folder: string): Promise<void> {
  const { kernelSpec } = await import(pathToFileURL(path.join(ROOT, 'scripts', 'setup.mjs')).href);
  fs.mkdirSync(folder, { recursive: true });
  fs.writeFileSync(path.join(folder, 'kernel.json'), JSON.stringify(kernelSpec(ROOT)));
}

async function putSettings(address: string, token: string, id: string, settings: object): Promise<void> {
  const response = await fetch(`${address}/lab/api/settings/${id}`, {
    method: 'PUT',
    headers: { Authorization: `token ${token}` },
    body: JSON.stringify({ raw: JSON.stringify(settings) }),
  });
  if (!response.ok) throw new Error(`JupyterLab did not take the settings of ${id}: ${response.status}`);
}

/** The address that JupyterLab says it listens at. */
function firstAddress(output: NodeJS.ReadableStream): Promise<string> {
  return new Promise((resolve, reject) => {
    let said = '';
    const timer = setTimeout(
      () => reject(new Error(`JupyterLab did not start:\n${said.slice(-LAST_LINES)}`)),
      TIMEOUT_MS,
    );
    output.on('data', (data) => {
      said += String(data);
      const [address] = /http:\/\/127\.0\.0\.1:\d+(?=\/)/.exec(said) ?? [];
      if (address === undefined) return;
      clearTimeout(timer);
      resolve(address);
    });
    output.on('close', () => reject(new Error(`JupyterLab ended:\n${said.slice(-LAST_LINES)}`)));
  });
}
