// A notebook cell that quantizes without passing a signal: an interrupt ends NNCF all the same, and nothing is written
// afterwards. A real kernel, NNCF itself, and a model so small that each phase takes about a second.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { printed, startKernel, type TestKernel } from '../kernel/start-kernel';
import { makeTinyModel } from './tiny-model';

/** Longer than NNCF would need for the rest of its work. */
const REST_MS = 6000;

describe('an interrupted cell', { skip: process.platform === 'win32' ? 'ps is POSIX' : false }, () => {
  let folder = '';
  let kernel: TestKernel;
  before(async () => {
    folder = fs.mkdtempSync(path.join(os.tmpdir(), 'interrupted-cell-'));
    await makeTinyModel(path.join(folder, 'fp16'));
    kernel = await startKernel();
    await kernel.run(`import * as optimize from './lib/optimize';
      import { makeSamples } from './tests/optimize/tiny-model';
      const samples = await makeSamples(8);
      const folder = ${JSON.stringify(folder)};`);
  });
  after(async () => {
    await kernel.stop();
    fs.rmSync(folder, { recursive: true, force: true });
  });

  const workers = (): string[] =>
    execFileSync('ps', ['-A', '-o', 'ppid=,args='], { encoding: 'utf8' })
      .split('\n')
      .filter((line) => line.includes('nncf_worker.py') && Number.parseInt(line, 10) === kernel.pid);

  for (const phase of ['calibration inputs', 'statistics', 'bias correction'])
    test(`in ${phase} leaves no worker and no file`, async () => {
      const result = await kernel.interrupt(`
        let reached = false;
        await optimize.quantizeBlip(folder + '/fp16', samples, folder + '/int8', {
          progress_callback: ({ status }) => {
            if (status !== ${JSON.stringify(phase)} || reached) return;
            reached = true;
            here();
          },
        });`);
      assert.equal(result.status, 'error');
      assert.match(printed(result, 'error'), /^Interrupted\. .* run the cell again/);
      await sleep(REST_MS);
      assert.deepEqual(workers(), []);
      assert.deepEqual(fs.readdirSync(folder), ['fp16']);
    });

  test('the next cell quantizes as if nothing had been', async () => {
    const result =
      await kernel.run(`const made = await optimize.quantizeBlip(folder + '/fp16', samples, folder + '/int8');
      console.log(Object.keys(made.parts).join());`);
    assert.equal(printed(result), 'vision_model,text_encoder,text_decoder\n');
  });
});
