// A disk that is full while a model is converted, calibrated or written: an error that says which file and what to do,
// and nothing left. Always runs, without a right to mount anything: a limit on the size of files (ulimit -f) cuts
// writes short as a full disk does, and Linux's /dev/full gives the very error of one. What is written here is larger
// than the limit: 8 blocks of 512 or 1024 bytes.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { after, before, test } from 'node:test';
import { CalibrationFile, CalibrationFileError } from '../../lib/optimize/calibration-file';
import { projectRoot } from '../project-root';
import { makeTinyModel } from './tiny-model';

const NO_ULIMIT = { skip: process.platform === 'win32' ? 'ulimit is a POSIX shell command' : false };

let folder = '';
before(async () => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'full-disk-'));
  await makeTinyModel(path.join(folder, 'fp16'));
});
after(() => fs.rmSync(folder, { recursive: true, force: true }));

/** Runs TypeScript under the limit; it prints the error that it catches. */
async function underLimit(body: string): Promise<string> {
  const script = path.join(folder, `script.ts`);
  const at = (name: string): string => JSON.stringify(path.join(projectRoot(), name));
  fs.writeFileSync(
    script,
    `
    import { loadCheckpoint } from ${at('lib/checkpoint')};
    import { convertBlip } from ${at('lib/convert')};
    import { quantizeBlip } from ${at('lib/optimize')};
    import { makeSamples } from ${at('tests/optimize/tiny-model')};
    const folder = ${JSON.stringify(folder)};
    const run = async (): Promise<void> => { ${body} };
    run().then(() => console.log('no error'), (error: Error) => console.log(error.name + ': ' + error.message));`,
  );
  const command = `ulimit -f 8; exec "${process.execPath}" --import tsx "${script}"`;
  // A cache of tsx that cannot be written is not what is tested here.
  const child = spawn('sh', ['-c', command], {
    cwd: projectRoot(),
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, TSX_DISABLE_CACHE: '1' },
  });
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    output += chunk;
  });
  await new Promise((resolve) => child.on('close', resolve));
  fs.rmSync(script);
  return output;
}

test("the converted model's .bin", NO_ULIMIT, async () => {
  const output = await underLimit(
    `await convertBlip(await loadCheckpoint('tests/fixtures/checkpoints/vqa-f16'), folder + '/converted');`,
  );
  assert.match(output, /^ConvertWriteError: .*converted[/\\]blip_vision_model\.bin: the model could not be written/);
  assert.match(output, /(EFBIG|too large).* The model takes about 0\.\d MB, \d+ MB are free there\. Lift the limit/i);
  assert.deepEqual(fs.readdirSync(folder), ['fp16']);
});

test('the calibration file', NO_ULIMIT, async () => {
  const output = await underLimit(`await quantizeBlip(folder + '/fp16', await makeSamples(8), folder + '/int8');`);
  assert.match(output, /^CalibrationFileError: .*calibration-(vision|text)\.bin: .* not be written after \d+ samples/);
  assert.match(output, /(EFBIG|too large).*Lift the limit.*smaller subset_size/i);
  assert.deepEqual(fs.readdirSync(folder), ['fp16']);
});

test("the worker's model", NO_ULIMIT, async () => {
  const output = await underLimit(
    `await quantizeBlip(folder + '/fp16', [], folder + '/int8', { parts: ['text_decoder'] });`,
  );
  assert.match(output, /^NncfWorkerError: NNCF failed on text_decoder: OSError: .*blip_text_decoder\.xml could not be/);
  assert.match(output, /could not be written: .*\d+ MB are free there; make room/);
  assert.deepEqual(fs.readdirSync(folder), ['fp16']);
});

test('ENOSPC itself: data and index of the calibration file', {
  skip: fs.existsSync('/dev/full') ? false : 'there is no /dev/full here: it is a device of Linux',
}, () => {
  for (const name of ['data.bin', 'index.json']) fs.symlinkSync('/dev/full', path.join(folder, name));
  const data = new CalibrationFile(folder, 'data');
  const add = (): void => data.add({ x: { type: 'f32', shape: [2], data: new Float32Array(2) } });
  assert.throws(
    add,
    (error: unknown) =>
      error instanceof CalibrationFileError && /data\.bin: .* after 0 samples and 0 bytes: ENOSPC/.test(error.message),
  );
  data.close();
  const index = new CalibrationFile(folder, 'index');
  assert.throws(() => index.finish(), /index\.json: .*ENOSPC.*smaller subset_size/);
  for (const name of ['data.bin', 'index.json', 'index.bin']) fs.rmSync(path.join(folder, name));
});
