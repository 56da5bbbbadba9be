// An interrupted run leaves nothing half-written and nobody at work, however it is interrupted: the whole tree of
// processes that npm start makes (Node, Python, the kernel, NNCF's worker), on a notebook whose cells convert and
// quantize again and again.
import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { after, before, beforeEach, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { findNncfPython } from '../../lib/optimize/find-nncf-python';
import { makeTinyModel } from '../optimize/tiny-model';
import { projectRoot } from '../project-root';
import { readNotebook, writeNotebook } from './write-notebook';

const LINUX_ONLY = { skip: process.platform === 'linux' ? false : 'processes are found by /proc' };
/** Cells begin to work after the kernel has started and loaded the library; a busy machine takes its time. */
const BEGIN_MS = 120_000;
/** From the signal to the end of everything. */
const END_MS = 40_000;
/** Runs a program on a terminal of its own, which is closed when standard input ends. Ends as the program does. */
const ON_TERMINAL = `
import os, pty, sys
child, terminal = pty.fork()
if child == 0:
    os.execv(sys.argv[1], sys.argv[1:])
import select
while True:
    ready, _, _ = select.select([0, terminal], [], [])
    try:
        if terminal in ready and not os.read(terminal, 4096): break
    except OSError: break
    if 0 in ready:
        typed = os.read(0, 100)
        if not typed: break
        os.write(terminal, typed)
os.close(terminal)
os._exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) & 255)
`;

describe('an interrupted run', LINUX_ONLY, () => {
  let folder = '';
  let output = '';
  before(async () => {
    folder = fs.realpathSync(fs.mkdtempSync(path.join(os.tmpdir(), 'interrupted-run-')));
    await makeTinyModel(path.join(folder, 'fp16'));
  });
  beforeEach(() => {
    output = fs.mkdtempSync(path.join(folder, 'output-'));
  });
  after(() => fs.rmSync(folder, { recursive: true, force: true, maxRetries: 5 }));

  const CONVERT = `const { loadCheckpoint } = require('./lib/checkpoint');
    const { convertBlip } = require('./lib/convert');
    const checkpoint = await loadCheckpoint('models/blip-scenes');
    for (;;) await convertBlip(checkpoint, process.env.BLIP_OUTPUT + '/model/fp16');`;
  const QUANTIZE = `const { quantizeBlip } = require('./lib/optimize');
    const { makeSamples } = require('./tests/optimize/tiny-model');
    const samples = await makeSamples(8);
    for (;;) await quantizeBlip(process.env.BLIP_FP16, samples, process.env.BLIP_OUTPUT + '/model/int8');`;

  /** Starts the run of a notebook with this cell, and waits until `begun`. */
  async function start(cell: string, begun: () => boolean, terminal = false): Promise<ChildProcess> {
    const notebook = writeNotebook(path.join(output, 'endless.ipynb'), ["console.log('kept');", cell]);
    const driver = [path.join(__dirname, 'run-notebook.mjs'), notebook, path.join(output, 'notebooks')];
    const [program, args] = terminal
      ? [findNncfPython(), ['-c', ON_TERMINAL, process.execPath, ...driver]]
      : [process.execPath, driver];
    const child = spawn(program, args, {
      cwd: projectRoot(),
      env: { ...process.env, BLIP_OUTPUT: output, BLIP_FP16: path.join(folder, 'fp16') },
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    child.stdout?.resume();
    child.stderr?.resume();
    for (let waited = 0; !begun(); waited += 20) {
      assert.ok(waited < BEGIN_MS && child.exitCode === null, 'the cell does not work');
      await sleep(20);
    }
    return child;
  }

  const isConverting = (): boolean => unfinished(output).length > 0;
  const isQuantizing = (): boolean => isConverting() && running(output).some((line) => line.includes('nncf_worker'));

  async function assertClean(): Promise<void> {
    for (let waited = 0; running(output).length > 0 || unfinished(output).length > 0; waited += 100) {
      assert.ok(waited < END_MS, `left: ${[...unfinished(output), ...running(output)].join('\n')}`);
      await sleep(100);
    }
    const notebook = readNotebook(path.join(output, 'notebooks', 'endless.ipynb'));
    assert.deepEqual(notebook?.cells[1].outputs?.[0].text, ['kept\n']);
    assert.equal(notebook?.metadata.incomplete?.cells, 1);
  }

  const ended = async (child: ChildProcess): Promise<number | null> => child.exitCode ?? (await once(child, 'exit'))[0];

  for (const [what, cell, begun] of [
    ['converts', CONVERT, isConverting],
    ['quantizes', QUANTIZE, isQuantizing],
  ] as const) {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
      test(`by ${signal} while it ${what}`, async () => {
        const child = await start(cell, begun);
        child.kill(signal);
        assert.equal(await ended(child), 130);
        assert.deepEqual([unfinished(output), running(output)], [[], []], 'left at the end of the command');
        await assertClean();
      });

    test(`by Ctrl-C on a terminal while it ${what}`, async () => {
      const child = await start(cell, begun, true);
      child.stdin?.write('\x03');
      assert.equal(await ended(child), 130);
      await assertClean();
    });

    test(`by a terminal that is closed while it ${what}`, async () => {
      const child = await start(cell, begun, true);
      child.stdin?.end();
      assert.equal(await ended(child), 130);
      await assertClean();
    });
  }

  test('by SIGKILL of the command itself: the others notice, and tidy up', async () => {
    const child = await start(QUANTIZE, isQuantizing);
    child.kill('SIGKILL');
    await ended(child);
    await assertClean();
  });

  for (const [who, name] of [
    ['what executes the notebook', 'execute_notebook.py'],
    ['the kernel', 'launch.cjs'],
  ] as const)
    test(`by SIGKILL of ${who}: the command tidies up`, async () => {
      const child = await start(QUANTIZE, isQuantizing);
      const [victim] = running(output).filter((line) => line.includes(name));
      process.kill(Number.parseInt(victim, 10), 'SIGKILL');
      assert.notEqual(await ended(child), 0);
      assert.deepEqual(unfinished(output), []);
      await assertClean();
    });
});

/**
 * `pid command` of every process whose environment names this output folder; a dead one that its parent has not asked
 * about is none.
 */
function running(output: string): string[] {
  const found: string[] = [];
  for (const pid of fs.readdirSync('/proc').filter((name) => /^\d+$/.test(name)))
    try {
      if (!fs.readFileSync(`/proc/${pid}/environ`, 'utf8').includes(`BLIP_OUTPUT=${output}\0`)) continue;
      found.push(`${pid} ${fs.readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ')}`);
    } catch {
      // It has ended meanwhile, or is another user's.
    }
  return found;
}

function unfinished(output: string): string[] {
  return fs
    .readdirSync(output, { recursive: true })
    .map(String)
    .filter((name) => path.basename(name).startsWith('.unfinished'));
}
