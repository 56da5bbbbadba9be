// A folder with a tiny model, the tasks that a worker gets for it, and workers that are made up.
import { execFileSync } from 'node:child_process';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { after, before } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { CalibrationFile } from '../../lib/optimize/calibration-file';
import type { NncfTask } from '../../lib/optimize/nncf-task';
import { findNncfPython } from '../../lib/optimize/find-nncf-python';
import { projectRoot } from '../project-root';

export const WIDTH = 64; // of make_tiny_ir.py
export const SAMPLES = 5;

export const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'nncf-worker-'));
before(() => {
  execFileSync(findNncfPython(), [path.join(projectRoot(), 'tests/fixtures/make_tiny_ir.py'), folder]);
});
after(() => fs.rmSync(folder, { recursive: true, force: true }));

export function calibration(name: string): string {
  const file = new CalibrationFile(folder, name);
  for (let sample = 0; sample < SAMPLES; sample++) {
    const length = 3 + sample; // odd lengths too
    const data = Float32Array.from({ length: length * WIDTH }, (_, i) => Math.sin(i * 0.7 + sample));
    file.add({ x: { type: 'f32', shape: [1, length, WIDTH], data } });
  }
  return file.finish();
}

export function quantizeTask(output: string, subset_size = SAMPLES): NncfTask {
  return {
    name: 'encoder',
    action: 'quantize',
    model: path.join(folder, 'encoder.xml'),
    output,
    calibration: calibration('calibration'),
    parameters: { subset_size },
  };
}

/** Resolves when `condition` holds; rejects after a time that is long even on a busy machine. */
export async function until(condition: () => boolean): Promise<void> {
  for (let waited = 0; !condition(); waited += 50) {
    if (waited > 20_000) throw new Error('It did not come true in 20 s.');
    await sleep(50);
  }
}

/** What kernel/launch.cjs does when Jupyter interrupts a cell. */
export function interruptCell(): void {
  const emitter: NodeJS.EventEmitter = process;
  emitter.emit('cell-interrupt');
}

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

export function fakeWorker(name: string, python: string): string {
  const script = path.join(folder, name);
  fs.writeFileSync(script, python);
  return script;
}
