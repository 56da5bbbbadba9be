// A model folder appears whole or not at all, however the process ends that makes it. Real processes, real signals.
import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { afterEach, before, beforeEach, describe, test } from 'node:test';
import { stageModel } from '../../lib/model-folder/stage-model';
import { removeUnfinished, unfinishedPrefix } from '../../lib/model-folder/unfinished';
import { projectRoot } from '../project-root';

/** Makes a model in `output/model/fp16` and waits inside for `then`, writing all the while. */
const WRITER = `
import * as fs from 'node:fs';
import * as path from 'node:path';
import { stageModel } from ${JSON.stringify(path.join(projectRoot(), 'lib/model-folder/stage-model'))};
const [, , output, before, then] = process.argv;
eval(before);
void stageModel(output, async (staging) => {
  await fs.promises.writeFile(path.join(staging, 'blip_vision_model.bin'), Buffer.alloc(1 << 20));
  console.log(staging);
  setTimeout(() => eval(then), 200);
  const part = Buffer.alloc(1 << 16);
  for (let i = 0; i < 1e5; i++) await fs.promises.writeFile(path.join(staging, 'part-' + (i % 50)), part);
});
`;

let folder = '';
let script = '';
const children: ChildProcess[] = [];
before(() => {
  script = path.join(fs.mkdtempSync(path.join(os.tmpdir(), 'stage-script-')), 'writer.ts');
  fs.writeFileSync(script, WRITER);
});
beforeEach(() => {
  folder = fs.realpathSync(fs.mkdtempSync(path.join(os.tmpdir(), 'stage-model-')));
});
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
  fs.rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
});

/** Starts a process that makes a model. @returns its staging folder, once it is written to */
async function startWriter(before = '', then = '', model = 'model'): Promise<{ child: ChildProcess; staging: string }> {
  const args = ['--import', 'tsx', script, path.join(folder, model, 'fp16'), before, then];
  const child = spawn(process.execPath, args, { cwd: projectRoot(), stdio: ['ignore', 'pipe', 'inherit'] });
  children.push(child);
  const [line] = await once(child.stdout ?? child, 'data');
  const staging = String(line).trim();
  assert.ok(fs.existsSync(staging), staging);
  return { child, staging };
}

const POSIX_ONLY = { skip: process.platform === 'win32' ? 'signals are POSIX' : false };

describe('the end of the process takes its staging folder along', POSIX_ONLY, () => {
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
    test(`${signal}, which still ends it as ever`, async () => {
      const { child } = await startWriter();
      child.kill(signal);
      assert.deepEqual(await once(child, 'exit'), [null, signal]);
      assert.deepEqual(fs.readdirSync(folder), []);
    });

  for (const [how, before, then] of [
    ['process.exit', '', 'process.exit(7)'],
    ['an error that nobody catches', "process.on('uncaughtException', () => process.exit(7))", 'throw new Error()'],
    [
      'a signal that somebody else listens to and exits by',
      "process.on('SIGTERM', () => process.exit(7))",
      "process.kill(process.pid, 'SIGTERM')",
    ],
  ])
    test(how, async () => {
      const { child } = await startWriter(before, then);
      assert.deepEqual(await once(child, 'exit'), [7, null]);
      assert.deepEqual(fs.readdirSync(folder), []);
    });

  test('hundreds of writes that are under way', async () => {
    const write = "fs.writeFile(path.join(staging, 'late-' + i), 'x', () => {})";
    for (let attempt = 0; attempt < 5; attempt++) {
      const { child } = await startWriter('', `for (let i = 0; i < 400; i++) ${write}; setTimeout(process.exit, 2, 7)`);
      assert.deepEqual(await once(child, 'exit'), [7, null]);
      assert.deepEqual(fs.readdirSync(folder), []);
    }
  });

  test('what was in the output stays', async () => {
    fs.mkdirSync(path.join(folder, 'model', 'fp16'), { recursive: true });
    fs.writeFileSync(path.join(folder, 'model', 'fp16', 'notes.md'), 'mine');
    const { child } = await startWriter();
    child.kill('SIGINT');
    await once(child, 'exit');
    assert.deepEqual(fs.readdirSync(path.join(folder, 'model', 'fp16')), ['notes.md']);
  });
});

describe('after SIGKILL', POSIX_ONLY, () => {
  test('the next model removes what is left, at once', async () => {
    const { child, staging } = await startWriter();
    child.kill('SIGKILL');
    await once(child, 'exit');
    assert.ok(fs.existsSync(staging));
    const output = path.dirname(staging);
    await stageModel(output, (own) => fs.promises.writeFile(path.join(own, 'blip_vision_model.xml'), 'new'));
    assert.deepEqual(fs.readdirSync(output), ['blip_vision_model.xml']);
  });

  test('removeUnfinished finds it below the output folder, and leaves that of a living process', async () => {
    const dead = await startWriter();
    dead.child.kill('SIGKILL');
    await once(dead.child, 'exit');
    const living = await startWriter('', '', 'other');
    assert.deepEqual(await removeUnfinished(folder, 1), []); // model/fp16 is two levels down
    assert.ok(fs.existsSync(dead.staging));
    assert.deepEqual(await removeUnfinished(folder, 2), [living.staging]);
    assert.deepEqual(fs.existsSync(dead.staging), false);
    assert.deepEqual(await removeUnfinished(folder, 2, Date.now() + 60_000), [], 'made before the time that was given');
    living.child.kill('SIGKILL');
    await once(living.child, 'exit');
    assert.deepEqual(await removeUnfinished(folder, 2), []);
    assert.deepEqual(fs.readdirSync(path.dirname(living.staging)), []);
    assert.deepEqual(await removeUnfinished(path.join(folder, 'absent'), 2), []);
  });

  test('a process that got the number of the dead one does not keep it', {
    skip: process.platform === 'linux' ? false : 'only Linux tells when a process started',
  }, async () => {
    const own = unfinishedPrefix();
    const [mine, reused, elsewhere] = [own, own.replace(/\d+-$/, '1-'), own.replace(/-[0-9a-f]{8}-/, '-01234567-')].map(
      (prefix) => fs.mkdtempSync(path.join(folder, prefix)),
    );
    assert.deepEqual(new Set(await removeUnfinished(folder, 0)), new Set([mine, elsewhere]));
    assert.deepEqual(fs.existsSync(reused), false);
  });
});
