// "When something goes wrong": each message that the notebooks' tables quote is what its fault shows, word for word.
import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { loadCheckpoint } from '../../lib/checkpoint';
import { convertBlip } from '../../lib/convert';
import { isRecord } from '../../lib/core/is-record';
import * as nb from '../../lib/notebook';
import { quantizeBlip } from '../../lib/optimize';
import { printed, startKernel, type TestKernel } from '../kernel/start-kernel';
import { projectRoot } from '../project-root';

const TABLE = /^## When something goes wrong$[^]*/m;
const ROW = /^\| (.+?) \| (.+) \|$/gm;
const QUOTED = /^`([^`]+)`$/;
/** An address that nothing listens to. */
const CLOSED = 'http://127.0.0.1:9';

/** The message that each row quotes, and what to do. */
function rowsOf(name: string): Map<string, string> {
  const json: unknown = JSON.parse(fs.readFileSync(path.join(projectRoot(), 'notebooks', name), 'utf8'));
  assert.ok(isRecord(json) && Array.isArray(json.cells));
  const texts = json.cells.filter(isRecord).map(({ source }) => (Array.isArray(source) ? source.join('') : ''));
  const [table = ''] = texts.flatMap((text) => TABLE.exec(text) ?? []);
  return new Map(
    [...table.matchAll(ROW)].flatMap(([, seen, todo]): [string, string][] => {
      const [, quoted] = QUOTED.exec(seen) ?? [];
      return quoted === undefined ? [] : [[quoted, todo]];
    }),
  );
}

describe('faults of the trouble tables', () => {
  const work = fs.mkdtempSync(path.join(os.tmpdir(), 'blip-trouble-'));
  const environment = { ...process.env };
  let kernel: TestKernel;
  before(async () => {
    process.env.HF_ENDPOINT = CLOSED;
    process.env.BLIP_OUTPUT = path.join(work, 'output');
    delete process.env.BLIP_MODEL;
    kernel = await startKernel();
    const checkpoint = await loadCheckpoint(path.join(projectRoot(), 'models', 'blip-scenes'));
    await convertBlip(checkpoint, path.join(work, 'fp16')).finally(() => checkpoint.close());
  });
  after(async () => {
    process.env = environment;
    await kernel.stop();
    fs.rmSync(work, { recursive: true, force: true });
  });

  const fp16 = path.join(work, 'fp16');
  const quantizeWith = (python: string) => {
    process.env.BLIP_PYTHON = python;
    return quantizeBlip(fp16, [], path.join(work, 'int8'), { parts: ['text_decoder'] }).finally(() => {
      delete process.env.BLIP_PYTHON;
    });
  };
  const cell = async (code: string): Promise<never> => {
    throw new Error(printed(await kernel.run(code), 'error'));
  };
  const interrupted = async (): Promise<never> => {
    throw new Error(printed(await kernel.interrupt('here(); await new Promise(() => {});'), 'error'));
  };
  /** A Python without NNCF, as a virtual environment that was not set up is. */
  const emptyPython = (): string => {
    const file = path.join(work, 'python');
    fs.writeFileSync(file, '#!/bin/sh\nexec python3 -S -I "$@"\n', { mode: 0o755 });
    return file;
  };

  const faults: Readonly<Record<string, () => unknown>> = {
    'Cannot find name': () => cell('console.log(pixel_values_of_another_cell);'),
    Interrupted: interrupted,
    'no such folder': () => loadCheckpoint('models/blip-scene'),
    'Check the network, or try again later': () =>
      loadCheckpoint('Salesforce/blip-vqa-base', { cache_dir: path.join(work, 'hub') }),
    'on this machine. Expected one of': () => nb.loadTaskModel(fp16, { device: 'NPU.99' }),
    'no such file; paths start at': () => nb.demoPicture(nb.runSettings({ BLIP_PICTURE: 'no-photo.jpg' })),
    'The results "convert" are missing': () => nb.readResults('convert'),
    'these are the results of': () => {
      nb.saveResults('convert', { model: 'another-model' });
      return nb.readResults('convert', { model: 'models/blip-scenes' });
    },
    'The NNCF worker did not start': () => quantizeWith(path.join(work, 'no-python')),
    "No module named 'nncf'": () => quantizeWith(emptyPython()),
  };

  test('the tables quote the messages of these faults, and no others', () => {
    const quoted = ['233-blip-convert.ipynb', '233-blip-optimize.ipynb'].flatMap((name) => [...rowsOf(name).keys()]);
    assert.deepEqual([...new Set(quoted)].sort(), Object.keys(faults).sort());
  });

  test('a checkpoint that cannot be reached: the message alone, with what works without a network', async () => {
    const cache = JSON.stringify(path.join(work, 'hub'));
    const { outputs } = await kernel.run(
      "import { loadCheckpoint } from './lib';\nawait loadCheckpoint('Salesforce/blip-vqa-base', { cache_dir: " +
        `${cache} });`,
    );
    const shown = outputs.map(([, text]) => String(text)).join('\n');
    assert.match(shown, /Without a network, name a checkpoint's folder, such as models.blip-scenes\./);
    assert.match(shown, /^> 2 \| await loadCheckpoint/m);
    assert.doesNotMatch(shown, /\[cause\]/);
    assert.ok(shown.split('\n').length < 15, shown);
  });

  for (const [quoted, fault] of Object.entries(faults)) {
    const skip = process.platform === 'win32' && quoted.includes('module') && 'the stand-in is a shell script';
    test(quoted, { skip }, async () => {
      const error = await Promise.resolve()
        .then(fault)
        .then(
          () => assert.fail('nothing went wrong'),
          (reason: unknown) => reason,
        );
      assert.ok(error instanceof Error);
      assert.ok(error.message.includes(quoted), error.message);
    });
  }
});
