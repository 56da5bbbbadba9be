// Fetches openvino-node's binary and proves it in a process of its own. Without one that works, OpenVINO's C API from
// the Python package does the same work.
import * as fs from 'node:fs';
import * as path from 'node:path';
import { ROOT, run } from './common.mjs';

const FOLDER = path.join(ROOT, 'node_modules', 'openvino-node');
const BIN = path.join(FOLDER, 'bin');
/** Where a binary that does not work is kept, to look at. */
const ASIDE = path.join(FOLDER, 'bin-that-does-not-work');
/** What the last try led to. npm removes it together with the package. */
const STATE = path.join(FOLDER, '.blip-setup');
/**
 * A failed download is tried again at every set-up, but by other commands, which set up on their way, no more often
 * than this.
 */
const MS_BETWEEN_TRIES = 24 * 60 * 60 * 1000;
/** A network that drops everything would keep the set-up waiting for ever. */
const MAX_DOWNLOAD_MS = 5 * 60 * 1000;
const MAX_REASON_CHARACTERS = 300;
/** How prove-openvino-node.ts says no. */
const DOES_NOT_WORK = 3;
const INSTEAD = 'OpenVINO runs through the C API of the Python package, same interface';

/**
 * @param explicit the user asked for a set-up: a failed download is tried again, however recent
 * @param installed npm has just installed the packages
 * @param offline nothing is to be downloaded
 * @returns whether it was interrupted
 */
export async function fetchOpenVINONode({ explicit, installed, offline = false }) {
  if (!fs.existsSync(FOLDER)) {
    if (installed) console.log(`openvino-node was left out by npm (it asks for Node 21 or newer): ${INSTEAD}`);
    return { interrupted: false };
  }
  if (hasBinary() && readState() === fingerprint()) return { interrupted: false };
  if (!hasBinary()) {
    if (offline || (!explicit && !installed && isRecent())) return { interrupted: false };
    const { interrupted } = await download();
    if (interrupted || !hasBinary()) return { interrupted };
  }
  return prove();
}

function hasBinary() {
  return fs.existsSync(path.join(BIN, 'ov_node_addon.node'));
}

async function download() {
  console.log("Fetching openvino-node's binary (up to a minute)");
  const script = path.join(FOLDER, 'scripts', 'download-runtime.js');
  const { code, interrupted, output } = fs.existsSync(script)
    ? await run(process.execPath, [script], { cwd: FOLDER, capture: true, clock: true, timeout: MAX_DOWNLOAD_MS })
    : { code: 1, interrupted: false, output: `${script} is missing` };
  if (!interrupted && (code !== 0 || !hasBinary())) {
    writeFailure();
    console.log(`  not available here (${lastLine(output, code)}): ${INSTEAD}`);
    console.log(`  To try again: npm run setup, or node ${path.relative(ROOT, script)}`);
    fs.rmSync(BIN, { recursive: true, force: true }); // half a download
  }
  return { interrupted };
}

/** The library's own proof, which remembers the answer: notebooks then start without one. */
async function prove() {
  const script = path.join(ROOT, 'scripts', 'prove-openvino-node.ts');
  const { code, interrupted, output } = await run(process.execPath, ['--import', 'tsx', script, FOLDER], {
    capture: true,
    clock: true,
  });
  if (interrupted) return { interrupted };
  if (code === 0) {
    fs.writeFileSync(STATE, fingerprint());
    return { interrupted };
  }
  if (code !== DOES_NOT_WORK) {
    console.log(
      `openvino-node's binary could not be tried (${lastLine(output, code)}); it is tried when OpenVINO is loaded`,
    );
    return { interrupted };
  }
  fs.rmSync(ASIDE, { recursive: true, force: true });
  fs.renameSync(BIN, ASIDE);
  writeFailure();
  console.log(`openvino-node's binary does not work here and was put aside (${lastLine(output, code)}): ${INSTEAD}`);
  console.log('  To fetch it again: npm run setup');
  return { interrupted };
}

/** What a program said at its end. */
function lastLine(output, code) {
  return output.trim().split('\n').at(-1)?.slice(0, MAX_REASON_CHARACTERS) || `it ended with code ${code}`;
}

/** Changes with Node.js and with the binary. */
function fingerprint() {
  const files = fs.readdirSync(BIN).sort();
  const stats = files.map((name) => {
    const { size, mtimeMs, ino } = fs.statSync(path.join(BIN, name));
    return `${name} ${size} ${mtimeMs} ${ino}`;
  });
  return `works ${process.version}\n${stats.join('\n')}`;
}

function isRecent() {
  const match = /^failed (.+)$/.exec(readState());
  return match !== null && Date.now() - Date.parse(match[1]) < MS_BETWEEN_TRIES;
}

function readState() {
  try {
    return fs.readFileSync(STATE, 'utf8');
  } catch {
    return '';
  }
}

function writeFailure() {
  fs.writeFileSync(STATE, `failed ${new Date().toISOString()}`);
}
