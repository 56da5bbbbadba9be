// Proves that openvino-node's addon works before this process loads it: in a process of its own, since a damaged binary
// ends the process that loads it. The answer is remembered for as long as the package's files stay as they are.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { removeQuietlySync } from '../core/remove-quietly';
import { cacheFolder } from '../core/cache-folder';
import { writeWhole } from '../core/write-whole';
import { isRecord } from '../core/is-record';
import { parseJSON, readJSON } from '../core/read-json';

export interface AddonProof {
  readonly works: boolean;
  /** Why not, as a part of a sentence. */
  readonly reason?: string;
  /** Says nothing about the next try: this one took too long, or could not be made. */
  readonly again?: boolean;
}

/** Loading OpenVINO takes half a second, on a busy machine some seconds. */
const TIMEOUT_MS = 60_000;
const MAX_REASON_CHARACTERS = 1_000;
const MARK = 'addon-proof:';

/** y = x + x, f32 [2]. */
const MODEL = `<?xml version="1.0"?>
<net name="proof" version="11">
  <layers>
    <layer id="0" name="x" type="Parameter" version="opset1">
      <data shape="2" element_type="f32"/>
      <output><port id="0" precision="FP32" names="x"><dim>2</dim></port></output>
    </layer>
    <layer id="1" name="sum" type="Add" version="opset1">
      <data auto_broadcast="numpy"/>
      <input><port id="0" precision="FP32"><dim>2</dim></port><port id="1" precision="FP32"><dim>2</dim></port></input>
      <output><port id="2" precision="FP32" names="y"><dim>2</dim></port></output>
    </layer>
    <layer id="2" name="result" type="Result" version="opset1">
      <input><port id="0" precision="FP32"><dim>2</dim></port></input>
    </layer>
  </layers>
  <edges>
    <edge from-layer="0" from-port="0" to-layer="1" to-port="0"/>
    <edge from-layer="0" from-port="0" to-layer="1" to-port="1"/>
    <edge from-layer="1" from-port="2" to-layer="2" to-port="0"/>
  </edges>
</net>
`;

/** What the other process does: load, find the processor, run a model. It must also end well. */
const SCRIPT = `
const [folder, model] = process.argv.slice(1);
const tell = (proof) => require('node:fs').writeSync(1, '\\n${MARK}' + JSON.stringify(proof) + '\\n');
try {
  const { addon } = require(folder);
  if (!addon || !addon.Core || !addon.Tensor) throw new Error("expected the addon's Core and Tensor");
  const core = new addon.Core();
  const devices = core.getAvailableDevices();
  const found = devices.join(', ') || 'none';
  if (!devices.includes('CPU'))
    throw new Error('it finds no CPU device (its CPU plugin is missing; devices: ' + found + ')');
  const request = core.compileModelSync(model, 'CPU', { INFERENCE_PRECISION_HINT: 'f32' }).createInferRequest();
  request.setTensor('x', new addon.Tensor('f32', [2], Float32Array.of(1, 2)));
  const values = Array.from(request.infer().y.getData()).join();
  if (values !== '2,4') throw new Error('a test model gives ' + values + ', expected 2,4');
  tell({ works: true });
} catch (error) {
  tell({ works: false, reason: String(error instanceof Error ? error.message : error) });
}
`;

const proved = new Map<string, AddonProof>();

/**
 * @param folder the package's, such as `node_modules/openvino-node`
 * @example
 * proveAddon('node_modules/openvino-node') // { works: true }
 */
export function proveAddon(folder: string): AddonProof {
  const fingerprint = fingerprintOf(folder);
  const known = proved.get(fingerprint) ?? recall(folder, fingerprint);
  if (known) {
    proved.set(fingerprint, known);
    return known;
  }
  const proof = tryAddon(path.resolve(folder));
  proved.set(fingerprint, proof);
  if (proof.again !== true) remember(folder, fingerprint, proof);
  return proof;
}

function tryAddon(folder: string): AddonProof {
  let temporary: string | undefined;
  try {
    temporary = fs.mkdtempSync(path.join(os.tmpdir(), 'blip-openvino-proof-'));
    const model = path.join(temporary, 'proof.xml');
    fs.writeFileSync(model, MODEL);
    fs.writeFileSync(model.replace('.xml', '.bin'), '');
    const child = spawnSync(process.execPath, ['-e', SCRIPT, folder, model], {
      encoding: 'utf8',
      env: { ...process.env, NODE_OPTIONS: '' },
      killSignal: 'SIGKILL',
      stdio: ['ignore', 'pipe', 'ignore'],
      timeout: TIMEOUT_MS,
      windowsHide: true,
    });
    return judge(child);
  } catch (error) {
    return withoutProof(error);
  } finally {
    if (temporary !== undefined) removeQuietlySync(temporary);
  }
}

function judge(child: ReturnType<typeof spawnSync>): AddonProof {
  if (child.error !== undefined) {
    if (!('code' in child.error) || child.error.code !== 'ETIMEDOUT') return withoutProof(child.error);
    return { works: false, reason: `it does not answer within ${TIMEOUT_MS / 1000} s`, again: true };
  }
  const said = String(child.stdout).split(MARK)[1];
  if (child.signal !== null) return { works: false, reason: `it ends the process with ${child.signal}: ${DAMAGED}` };
  if (child.status !== 0) return { works: false, reason: `it ends the process with code ${child.status}: ${DAMAGED}` };
  if (said === undefined) return { works: false, reason: `it ends the process without a word: ${DAMAGED}` };
  return answerOf(said) ?? { works: false, reason: 'its answer cannot be read', again: true };
}

/** What native code prints after it may have cut or mixed up the line. */
function answerOf(said: string): AddonProof | undefined {
  try {
    return parseProof(parseJSON(said.split('\n')[0], "the addon's answer"));
  } catch {
    return undefined;
  }
}

/** Where no process or temporary file can be made (a sandbox), the addon is loaded as if there were no proof. */
function withoutProof(error: unknown): AddonProof {
  return { works: true, reason: `not proved: ${error instanceof Error ? error.message : String(error)}`, again: true };
}

const DAMAGED = 'its files are incomplete, damaged, or of another system';

function parseProof(value: unknown): AddonProof | undefined {
  if (!isRecord(value) || typeof value.works !== 'boolean') return undefined;
  if (value.works) return { works: true };
  return typeof value.reason === 'string'
    ? { works: false, reason: value.reason.slice(0, MAX_REASON_CHARACTERS) }
    : undefined;
}

/** Changes when a file of the package or Node.js does. */
function fingerprintOf(folder: string): string {
  const hash = createHash('sha256').update(
    `${process.version} ${process.platform} ${process.arch} ${path.resolve(folder)}`,
  );
  for (const part of ['', 'bin', 'lib'])
    for (const name of namesIn(path.join(folder, part))) {
      const { size, mtimeMs, ino } = fs.statSync(path.join(folder, part, name), { throwIfNoEntry: false }) ?? {};
      hash.update(`\0${part}/${name} ${size} ${mtimeMs} ${ino}`);
    }
  return hash.digest('hex');
}

function namesIn(folder: string): string[] {
  try {
    return fs.readdirSync(folder).sort();
  } catch {
    return []; // the package has no such folder
  }
}

/** One small file for each place of the package. */
function memoryOf(folder: string): string {
  const name = createHash('sha256').update(path.resolve(folder)).digest('hex').slice(0, 16);
  return path.join(cacheFolder(), 'openvino-node', `${name}.json`);
}

function recall(folder: string, fingerprint: string): AddonProof | undefined {
  try {
    const memory = readJSON(memoryOf(folder));
    return isRecord(memory) && memory.fingerprint === fingerprint ? parseProof(memory) : undefined;
  } catch {
    return undefined; // nothing there, or nothing that can be read: proved again
  }
}

/** Where the cache cannot be written, the next process proves it again. */
function remember(folder: string, fingerprint: string, proof: AddonProof): void {
  try {
    writeWhole(memoryOf(folder), JSON.stringify({ fingerprint, ...proof }));
  } catch {
    /* see above */
  }
}
