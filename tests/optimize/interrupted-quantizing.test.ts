// Quantization is killed, or fails, at every step that changes a file: there is a complete model or none, the next run
// gives the same bytes, and no worker goes on. A stand-in copies the graphs where NNCF would take seconds for each
// step; once, NNCF itself works. The manifest names the versions of what made the files.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { BlipError } from '../../lib/core/errors';
import { ConvertWriteError } from '../../lib/core/explain-write-error';
import { OVBlipModel } from '../../lib/generation';
import { ModelFolderError, verifyModelFolder } from '../../lib/model-folder';
import { CalibrationFileError, quantizeBlip } from '../../lib/optimize';
import { injectFs } from '../model-folder/inject-fs';
import { folderContents, killAtStep } from '../model-folder/kill-at-step';
import { writeStandInWorker } from './stand-in-worker';
import { makeSamples, makeTinyModel } from './tiny-model';

const SAMPLES = 3;
/** More than publishing takes. */
const LAST_STEPS = 12;
const POSIX_ONLY = { skip: process.platform === 'win32' ? 'SIGKILL and #! are POSIX' : false, timeout: 900_000 };
const work = fs.realpathSync(fs.mkdtempSync(path.join(os.tmpdir(), 'interrupted-quantizing-')));
const fp16 = path.join(work, 'fp16');
/** Its name shows in `ps`. */
const standIn = path.join(work, 'stand-in-worker');

async function quantize(output: string): Promise<void> {
  const samples = await makeSamples(SAMPLES);
  await quantizeBlip(fp16, samples, output);
}

let earlier: Record<string, string> = {};
let quantized: Record<string, string> = {};
const calls: string[] = [];
const usual = process.env.BLIP_PYTHON;

before(async () => {
  if (POSIX_ONLY.skip !== false) return;
  await makeTinyModel(fp16);
  writeStandInWorker(standIn);
  process.env.BLIP_PYTHON = standIn;
  const output = path.join(work, 'output');
  fs.cpSync(fp16, output, { recursive: true });
  earlier = folderContents(output);
  const restore = injectFs(output, (name) => void calls.push(name));
  await quantize(output);
  restore();
  quantized = folderContents(output);
  assert.ok(calls.includes('writeSync') && calls.includes('rename') && calls.includes('mkdtemp'), calls.join());
});
after(() => {
  if (usual === undefined) delete process.env.BLIP_PYTHON;
  else process.env.BLIP_PYTHON = usual;
  fs.rmSync(work, { recursive: true, force: true, maxRetries: 5 });
});

let count = 0;
function earlierModel(): string {
  const folder = path.join(work, `run-${++count}`);
  fs.cpSync(fp16, folder, { recursive: true });
  return folder;
}

/** @returns which of the models is there; undefined for none, which loading must say */
async function stateOf(folder: string): Promise<'earlier' | 'quantized' | undefined> {
  const found = folderContents(folder);
  const is = (model: Record<string, string>): boolean =>
    Object.entries(model).every(([name, hash]) => found[name] === hash);
  if (is(earlier)) return 'earlier';
  if (is(quantized)) {
    await verifyModelFolder(folder);
    return 'quantized';
  }
  await assert.rejects(OVBlipModel.load(folder), (error) => error instanceof ModelFolderError);
  return undefined;
}

function workers(): string[] {
  return execFileSync('ps', ['-A', '-o', 'pid=,args='], { encoding: 'utf8' })
    .split('\n')
    .filter((line) => line.includes(standIn));
}

describe('a quantization over another model', POSIX_ONLY, () => {
  it('killed at any step, leaves a complete model or none, no worker; the next run gives the same bytes', async () => {
    const script = `require('./tests/model-folder/inject-fs');
      const { quantizeBlip } = require('./lib/optimize');
      require('./tests/optimize/tiny-model').makeSamples(${SAMPLES}).then((samples) =>
        quantizeBlip(${JSON.stringify(fp16)}, samples, process.env.INJECT_ROOT));`;
    const seen = new Set<string | undefined>();
    const killAt = async (step: number): Promise<void> => {
      const folder = earlierModel();
      const where = `step ${step}: ${calls[step - 1]}`;
      await killAtStep(script, folder, step, where);
      seen.add(await stateOf(folder));
      await quantize(folder);
      assert.deepEqual(folderContents(folder), quantized, where);
      fs.rmSync(folder, { recursive: true });
    };
    // The last steps publish the model; of the many before, which write it, every third.
    const waiting = calls.map((_, i) => i + 1).filter((step) => step % 3 === 0 || step > calls.length - LAST_STEPS);
    const lane = async (): Promise<void> => {
      for (let step = waiting.shift(); step !== undefined; step = waiting.shift()) await killAt(step);
    };
    await Promise.all([lane(), lane()]);
    assert.ok(seen.has('earlier') && seen.has('quantized'), [...seen].join());
    for (let waited = 0; workers().length > 0 && waited < 20_000; waited += 50) await sleep(50);
    assert.deepEqual(workers(), []);
  });

  const ADVICE: Readonly<Record<string, RegExp>> = {
    ENOSPC: /Make room/,
    EDQUOT: /quota/,
    EROFS: /read-only/,
    EACCES: /may write to/,
    EIO: /failure/,
    EMFILE: /ulimit -n/,
  };
  const CODES = Object.keys(ADVICE);
  /** Each step fails with two codes; with all of them the test takes three times as long. */
  const SHIFTS = [0, 3];
  /** A lasting failure is waited out at each later step: every fifth step, so that all codes come up. */
  const LASTING_STRIDE = 5;
  const times = (lasting: boolean, shift: number): string =>
    lasting ? 'at any step and from then on' : `once at any step, with the codes from ${CODES[shift]} on`;
  for (const lasting of [false, true])
    for (const shift of lasting ? [0] : SHIFTS)
      it(`that fails ${times(lasting, shift)}: a complete model or none, and the error says what helps`, async () => {
        for (const [i, call] of calls.entries()) {
          if (lasting && i % LASTING_STRIDE !== 0) continue;
          const code = CODES[(i + shift) % CODES.length];
          const advice = ADVICE[code];
          const folder = earlierModel();
          const restore = injectFs(folder, (name, at) => {
            if (at === i + 1 || (lasting && at > i + 1)) throw systemError(code, name, folder);
          });
          const outcome = await quantize(folder).then(
            () => undefined,
            (error: unknown) => error,
          );
          restore();
          const where = `step ${i + 1} (${call}), ${code}`;
          const state = await stateOf(folder);
          if (outcome === undefined) assert.equal(state, 'quantized', where);
          else {
            assert.ok(
              outcome instanceof ConvertWriteError || outcome instanceof CalibrationFileError,
              `${where}: ${String(outcome)}`,
            );
            assert.match(outcome.message, advice, where);
            if (!/ENOSPC|EDQUOT/.test(code)) assert.doesNotMatch(outcome.message, /make room|subset_size/i, where);
            if (!lasting) assert.equal(state, 'earlier', `${where}: an error leaves the output as it was`);
          }
          fs.rmSync(folder, { recursive: true });
        }
        assert.deepEqual(workers(), []);
      });
});

it('NNCF itself: its version and that of OpenVINO are in the manifest, and the folder is what it says', async () => {
  if (usual === undefined) delete process.env.BLIP_PYTHON;
  else process.env.BLIP_PYTHON = usual;
  const real = path.join(work, 'nncf');
  const source = path.join(work, 'source');
  await makeTinyModel(source);
  await quantizeBlip(source, [], real, { parts: ['text_decoder'] });
  const { versions, made_by } = await verifyModelFolder(real);
  assert.equal(made_by, 'quantizeBlip');
  assert.match(versions.nncf, /^\d+\.\d+/);
  assert.match(versions.openvino, /^20\d\d\.\d+/);
  assert.match(versions['blip-openvino'], /^\d+\.\d+/);
  await assert.rejects(quantizeBlip(source, [], '/proc/models/int8', { parts: ['text_decoder'] }), (error) => {
    assert.ok(error instanceof BlipError);
    return process.platform !== 'linux' || /choose another output folder/.test(error.message);
  });
});

function systemError(code: string, syscall: string, file: string): Error {
  return Object.assign(new Error(`${code}: injected, ${syscall} '${file}'`), { code, syscall, path: file });
}
