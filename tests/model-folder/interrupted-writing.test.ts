// Conversion is killed, or fails, at every step that changes a file: there is a complete model or none, and the next
// run gives the same bytes.
import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { loadCheckpoint } from '../../lib/checkpoint';
import { convertBlip } from '../../lib/convert';
import { ConvertWriteError } from '../../lib/core/explain-write-error';
import { BlipModelError, OVBlipModel } from '../../lib/generation';
import { ModelFolderError, verifyModelFolder } from '../../lib/model-folder';
import { projectRoot } from '../project-root';
import { injectFs } from './inject-fs';
import { folderContents, killAtStep } from './kill-at-step';

const FIXTURES = path.join(projectRoot(), 'tests', 'fixtures', 'checkpoints');
const work = fs.realpathSync(fs.mkdtempSync(path.join(os.tmpdir(), 'interrupted-writing-')));
after(() => fs.rmSync(work, { recursive: true, force: true, maxRetries: 5 }));
const earlier = path.join(work, 'earlier');
let count = 0;

async function convert(name: string, output: string): Promise<void> {
  const checkpoint = await loadCheckpoint(path.join(FIXTURES, name));
  try {
    await convertBlip(checkpoint, output);
  } finally {
    checkpoint.close();
  }
}

let first: Record<string, string> = {};
let second: Record<string, string> = {};
/** The calls of a conversion over another model, by name. */
const calls: string[] = [];

before(async () => {
  const output = path.join(work, 'output');
  await convert('vqa-f16', output);
  first = folderContents(output);
  fs.cpSync(output, earlier, { recursive: true });
  const restore = injectFs(output, (name) => void calls.push(name));
  await convert('vqa-odd', output);
  restore();
  second = folderContents(output);
  assert.ok(calls.includes('write') && calls.includes('rename') && calls.includes('mkdtemp'), calls.join());
  assert.notDeepEqual(first, second);
});

/** A copy of the folder that `vqa-f16` was converted to. */
function earlierModel(): string {
  const folder = path.join(work, `run-${++count}`);
  fs.cpSync(earlier, folder, { recursive: true });
  return folder;
}

/** @returns which of the models is there; undefined for none, which loading must say */
async function stateOf(folder: string): Promise<'first' | 'second' | undefined> {
  const found = folderContents(folder);
  const is = (model: Record<string, string>): boolean =>
    Object.entries(model).every(([name, hash]) => found[name] === hash) &&
    Object.keys(found).every((name) => name in model || !name.startsWith('blip_'));
  if (is(first) || is(second)) {
    await verifyModelFolder(folder);
    return is(first) ? 'first' : 'second';
  }
  await assert.rejects(
    OVBlipModel.load(folder),
    (error) => error instanceof ModelFolderError || error instanceof BlipModelError,
  );
  return undefined;
}

/** Of the many writes of weights, each sixtieth; of all else, every one. */
function steps(): number[] {
  return calls.flatMap((name, i) => (name !== 'write' || i % 60 === 0 ? [i + 1] : []));
}

describe('a conversion over another model', () => {
  it('killed at any step, leaves a complete model or none; the next run gives the same bytes and leaves nothing else', {
    skip: process.platform === 'win32' ? 'SIGKILL is POSIX' : false,
    timeout: 900_000,
  }, async () => {
    const script = `require('./tests/model-folder/inject-fs');
      const { loadCheckpoint } = require('./lib/checkpoint');
      loadCheckpoint(${JSON.stringify(path.join(FIXTURES, 'vqa-odd'))}).then((checkpoint) =>
        require('./lib/convert/convert-blip').convertBlip(checkpoint, process.env.INJECT_ROOT));`;
    const seen = new Set<string | undefined>();
    const killAt = async (step: number): Promise<void> => {
      const folder = earlierModel();
      await killAtStep(script, folder, step, `step ${step}: ${calls[step - 1]}`);
      seen.add(await stateOf(folder));
      await convert('vqa-odd', folder);
      assert.deepEqual(folderContents(folder), second, `step ${step}: ${calls[step - 1]}`);
      fs.rmSync(folder, { recursive: true });
    };
    const waiting = steps();
    const worker = async (): Promise<void> => {
      for (let step = waiting.shift(); step !== undefined; step = waiting.shift()) await killAt(step);
    };
    await Promise.all([worker(), worker()]);
    assert.ok(seen.has('first') && seen.has('second'), [...seen].join());
  });

  const CODES = [
    'ENOSPC',
    'EROFS',
    'EACCES',
    'EDQUOT',
    'EIO',
    'EMFILE',
    'ENAMETOOLONG',
    'ENOTEMPTY',
    'EPERM',
    'ESTALE',
    'EWHATEVER',
  ];
  /** A lasting failure is waited out: every third step, which all codes meet, and the first of each kind. */
  const LASTING_STRIDE = 3;
  for (const lasting of [false, true])
    it(`that fails at any step, ${lasting ? 'and from then on' : 'once'}: a complete model or none, and what helps`, {
      timeout: 900_000,
    }, async () => {
      const advice: Readonly<Record<string, RegExp>> = {
        ENOSPC: /Make room/,
        EDQUOT: /quota/,
        EROFS: /read-only/,
        EACCES: /may write to/,
        EPERM: /may write to/,
        EIO: /failure/,
        EMFILE: /ulimit -n/,
        ENAMETOOLONG: /shorter/,
        ENOTEMPTY: /try again/,
        ESTALE: /network/,
      };
      for (const [i, step] of steps().entries()) {
        const isFirst = calls.indexOf(calls[step - 1]) === step - 1;
        if (lasting && !isFirst && i % LASTING_STRIDE !== 0) continue;
        const folder = earlierModel();
        const code = CODES[i % CODES.length];
        const restore = injectFs(folder, (name, at) => {
          if (at === step || (lasting && at > step)) throw systemError(code, name, folder);
        });
        const outcome = await convert('vqa-odd', folder).then(
          () => undefined,
          (error: unknown) => error,
        );
        restore();
        const where = `step ${step} (${calls[step - 1]}), ${code}`;
        const state = await stateOf(folder);
        if (outcome === undefined) assert.equal(state, 'second', where);
        else {
          assert.ok(outcome instanceof ConvertWriteError, `${where}: ${String(outcome)}`);
          assert.match(outcome.message, advice[code] ?? /choose another/i, where);
          if (!lasting) assert.equal(state, 'first', `${where}: an error leaves the output as it was`);
        }
        // A lock or a staging folder that could not be removed is this process's own, which lives: another process
        // would wait for it.
        for (const name of fs.readdirSync(folder).filter((each) => each.startsWith('.')))
          fs.rmSync(path.join(folder, name), { recursive: true });
        await convert('vqa-odd', folder);
        assert.deepEqual(folderContents(folder), second, where);
        fs.rmSync(folder, { recursive: true });
      }
    });

  it('into /proc is refused at once', { skip: process.platform !== 'linux', timeout: 60_000 }, async () => {
    await assert.rejects(convert('vqa-odd', '/proc/models/fp16'), (error) => {
      assert.ok(error instanceof ConvertWriteError);
      return /ENOENT/.test(error.message) && /choose another/.test(error.message);
    });
  });
});

function systemError(code: string, syscall: string, file: string): Error {
  return Object.assign(new Error(`${code}: injected, ${syscall} '${file}'`), { code, syscall, path: file });
}
