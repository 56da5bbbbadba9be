// npm run bundle: one folder to copy to other machines, which sets itself up there without a network: the project with
// its models and data, Node packages, Python wheels. Node.js, Python and a browser are not in it. It is for machines
// of the same platform, architecture and Python version as this one. Run again, it goes on where it was.
import * as fs from 'node:fs';
import * as path from 'node:path';
import { ENDING_SIGNALS, INTERRUPTED_CODE, PYTHON, ROOT, endProcess, fail, run } from './common.mjs';
import { NODE_ARCHIVE, PACKAGES, WHEELS, removeManifest, sha256, writeBundle } from './bundle-manifest.mjs';
import { otherPatchPins } from './patch-pins.mjs';
import { projectFiles } from './project-files.mjs';
import { lockDigests, setup } from './setup.mjs';
import { pythonVersion } from './system.mjs';

/** Written first into a folder: what lies there may be replaced. */
const MARK = path.join(PACKAGES, '.made-by-bundle');
const NEEDED_BYTES = 600e6;
const NOT_BUNDLED = /^node_modules\/(\.blip-setup|\.cache)/;

let stopped = false;
for (const signal of ENDING_SIGNALS) process.on(signal, () => (stopped = true));
process.stdout.on('error', () => {}); // a terminal that was closed

await setup();
const fullVersion = await pythonVersion(PYTHON);
const python = fullVersion.split('.').slice(0, 2).join('.');
const made_for = { platform: process.platform, arch: process.arch, python, node: process.versions.node };
const name = `blip-openvino-${made_for.platform}-${made_for.arch}-python${python}`;
const folder = path.resolve(process.argv[2] ?? path.join(ROOT, 'output', 'bundle', name));
try {
  prepare();
  await step('Copying the project', copyProject);
  await step('Downloading Python wheels (about 175 MB)', downloadWheels);
  const archive = await step('Packing Node packages (up to a minute)', packNodePackages);
  await step('Writing checksums', () => finish(archive));
} catch (error) {
  if (stopped) stop();
  fail(`The bundle is not complete: ${error.message}\nRun the command again to go on.`);
}
console.log(
  `\n${folder}\n${megabytes(sizeOf(folder))} MB for ${made_for.platform}-${made_for.arch} with Python ${python}`,
);
console.log('Copy this folder to each machine; START.txt in it says what to do there.');

function prepare() {
  if (ROOT.startsWith(folder + path.sep) || ROOT === folder) throw new Error(`${folder} holds this project itself`);
  if (fs.existsSync(folder) && fs.readdirSync(folder).length > 0 && !fs.existsSync(path.join(folder, MARK)))
    throw new Error(`${folder} has other files in it. Name a new folder: npm run bundle -- FOLDER`);
  fs.mkdirSync(path.join(folder, WHEELS), { recursive: true });
  fs.writeFileSync(path.join(folder, MARK), '');
  const { bavail, bsize } = fs.statfsSync(folder);
  if (bavail * bsize < NEEDED_BYTES)
    throw new Error(`${folder} has ${megabytes(bavail * bsize)} MB left, expected ${megabytes(NEEDED_BYTES)} MB`);
  removeManifest(folder);
}

/** Says what is done, and how long it took; an interrupt ends it after the step that is at work. */
async function step(title, work) {
  if (stopped) stop();
  const started = Date.now();
  console.log(title);
  const result = await work();
  if (stopped) stop();
  console.log(`  ${((Date.now() - started) / 1000).toFixed(1)} s`);
  return result;
}

function stop() {
  console.error('\nInterrupted. Run the command again to go on: what is complete is kept.');
  endProcess(INTERRUPTED_CODE);
}

/** Anew each time, in a second: what was set up or changed in the folder is not handed on. */
async function copyProject() {
  for (const entry of fs.readdirSync(folder))
    if (entry !== PACKAGES) await fs.promises.rm(path.join(folder, entry), { recursive: true });
  const files = projectFiles(ROOT, folder);
  for (const file of files) {
    if (stopped) return;
    await fs.promises.mkdir(path.dirname(path.join(folder, file)), { recursive: true });
    await fs.promises.copyFile(path.join(ROOT, file), path.join(folder, file));
  }
  console.log(`  ${files.length} files, ${megabytes(sizeOf(folder, [PACKAGES]))} MB`);
}

/** Packages of an earlier lock are removed; pip does not download again what lies there with the right digest. */
async function downloadWheels() {
  const wheels = path.join(folder, WHEELS);
  const stamp = path.join(folder, PACKAGES, 'wheels.lock');
  const made = `${lockDigests().python} ${python}`;
  if (readText(stamp) === made) return console.log('  there already');
  if (readText(stamp) !== '') for (const file of fs.readdirSync(wheels)) fs.rmSync(path.join(wheels, file));
  fs.rmSync(stamp, { force: true });
  const lock = path.join(ROOT, 'requirements.txt');
  await pipDownload(wheels, lock);
  for (const pin of otherPatchPins(fs.readFileSync(lock, 'utf8'), fullVersion)) {
    if (stopped) return;
    const file = path.join(folder, PACKAGES, 'pin.txt');
    fs.writeFileSync(file, pin);
    await pipDownload(wheels, file, ['--no-deps']);
    fs.rmSync(file);
  }
  if (stopped) return;
  fs.writeFileSync(stamp, made);
  console.log(`  ${fs.readdirSync(wheels).length} wheels, ${megabytes(sizeOf(wheels))} MB`);
}

async function pipDownload(wheels, requirements, more = []) {
  const options = ['--disable-pip-version-check', '--require-hashes', '--only-binary', ':all:', ...more];
  const args = ['-m', 'pip', 'download', ...options, '-r', requirements, '-d', wheels];
  const { code, interrupted, output } = await run(PYTHON, args, { capture: true, clock: true });
  if (interrupted) stopped = true;
  else if (code !== 0) throw new Error(`pip could not download the wheels:\n${output.slice(-2000)}`);
}

/** @returns size and digest of the archive, which is moved to its name when it is complete */
async function packNodePackages() {
  const file = path.join(folder, NODE_ARCHIVE);
  const stamp = path.join(folder, PACKAGES, 'node_modules.lock');
  const made = `${lockDigests().node} ${process.version}`;
  if (readText(stamp) === made && fs.existsSync(file)) console.log('  there already');
  else {
    fs.rmSync(stamp, { force: true });
    const { create } = await import('tar');
    let packed = 0;
    const options = {
      cwd: ROOT,
      file: `${file}.tmp`,
      gzip: true,
      portable: true,
      // On Windows a link to a folder holds a path of this machine.
      follow: process.platform === 'win32',
      filter: (entry) => {
        if (stopped) throw new Error('interrupted');
        if (++packed % 1000 === 0 && process.stdout.isTTY) process.stdout.write(`\r  ${packed} files `);
        return !NOT_BUNDLED.test(entry);
      },
    };
    try {
      await create(options, ['node_modules']);
    } catch (error) {
      fs.rmSync(options.file, { force: true });
      throw error;
    }
    if (process.stdout.isTTY) process.stdout.write('\r\x1b[K');
    fs.renameSync(options.file, file);
    fs.writeFileSync(stamp, made);
  }
  const { size } = fs.statSync(file);
  console.log(`  ${megabytes(size)} MB`);
  return { bytes: size, sha256: await sha256(file) };
}

/** The manifest comes last: with it the folder counts as a bundle. */
async function finish(archive) {
  fs.writeFileSync(path.join(folder, 'START.txt'), instructions());
  const lines = [];
  for (const file of filesIn(folder)) {
    if (stopped) return;
    if (file !== 'SHA256SUMS') lines.push(`${await sha256(path.join(folder, file))}  ${file}\n`);
  }
  fs.writeFileSync(path.join(folder, 'SHA256SUMS'), lines.join(''));
  writeBundle(folder, { made_for, locks: lockDigests(), archive });
}

function instructions() {
  return `BLIP with OpenVINO, to be used without a network
=================================================

Made for ${made_for.platform}-${made_for.arch} with Python ${python}. Needed on the machine:
Node.js 20.19 or newer, Python ${python} with its venv module, a browser, and 1.8 GB on the disk.
Nothing is downloaded.

1. Copy this folder to the machine's own disk (not a network drive, not the USB stick).
2. Open a terminal in it.
3. npm start       sets up (some minutes the first time), then runs both notebooks
   npm run lab     JupyterLab with the notebooks
   npm run demo    a page in the browser: choose an image, ask about it

Is the copy complete?  sha256sum --quiet -c SHA256SUMS   (macOS: shasum -a 256 -c SHA256SUMS)
docs/workshop.md is a plan for a lesson of 90 minutes.
`;
}

function filesIn(root, without = []) {
  return fs
    .readdirSync(root, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) =>
      path
        .relative(root, path.join(entry.parentPath ?? entry.path, entry.name))
        .split(path.sep)
        .join('/'),
    )
    .filter((file) => !without.some((left) => file.startsWith(`${left}/`)))
    .sort();
}

function sizeOf(root, without) {
  return filesIn(root, without).reduce((sum, file) => sum + fs.statSync(path.join(root, file)).size, 0);
}

function readText(file) {
  try {
    return fs.readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}

function megabytes(bytes) {
  return Math.round(bytes / 1e6);
}
