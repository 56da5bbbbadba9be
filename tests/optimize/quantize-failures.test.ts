// What can go wrong while a model is quantized: cancelled in every phase, Ctrl-C, samples of no use, an unwilling NNCF.
// After each, the output is as it was, and no process of ours goes on.
import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { VqaSample } from '../../lib/datasets';
import { irStatistics } from '../../lib/ir';
import { quantizeBlip, QuantizeError, type PartName } from '../../lib/optimize';
import { stageModel } from '../../lib/model-folder/stage-model';
import { projectRoot } from '../project-root';
import { IMAGE_SIZE, makeSamples, makeTinyModel, writePreprocessor } from './tiny-model';

let folder = '';
let fp16 = '';
let samples: VqaSample[] = [];
before(async () => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'quantize-failures-'));
  fp16 = await makeTinyModel(path.join(folder, 'fp16'));
  samples = await makeSamples(4);
});
after(() => fs.rmSync(folder, { recursive: true, force: true }));

/** Children of a process that run NNCF. */
function workers(parent: number): number[] {
  return execFileSync('ps', ['-A', '-o', 'pid=,ppid=,args='], { encoding: 'utf8' })
    .split('\n')
    .map((line) => /^\s*(\d+)\s+(\d+)\s+(.*)$/.exec(line))
    .filter((match) => match && Number(match[2]) === parent && match[3].includes('nncf_worker.py'))
    .map((match) => Number(match?.[1]));
}

const POSIX_ONLY = { skip: process.platform === 'win32' ? 'ps and signals are POSIX' : false };

describe('cancelling', POSIX_ONLY, () => {
  const phases: [phase: string, part: PartName][] = [
    ['calibration inputs', 'vision_model'],
    ['statistics', 'vision_model'],
    ['SmoothQuant', 'vision_model'],
    ['bias correction', 'vision_model'],
    ['weight compression', 'text_decoder'],
    ['writing', 'text_decoder'],
  ];
  for (const [phase, part] of phases)
    test(`in ${phase} leaves no file and no process`, async () => {
      const controller = new AbortController();
      let reached = 0;
      const progress_callback = ({ status }: { status: string }): void => {
        if (status === phase && ++reached === 1) controller.abort(new Error(`stop at ${phase}`));
      };
      await assert.rejects(
        quantizeBlip(fp16, samples, path.join(folder, 'new', 'int8'), {
          parts: [part],
          signal: controller.signal,
          progress_callback,
        }),
        new RegExp(`stop at ${phase}`),
      );
      assert.deepEqual(fs.readdirSync(folder), ['fp16']);
      assert.deepEqual(workers(process.pid), []);
    });

  test('before the start does nothing', async () => {
    await assert.rejects(
      quantizeBlip(fp16, samples, path.join(folder, 'int8'), { signal: AbortSignal.abort(new Error('too late')) }),
      /too late/,
    );
    assert.deepEqual(fs.readdirSync(folder), ['fp16']);
  });
});

test('Ctrl-C in a script ends it as ever, and takes the staging folder and the worker along', POSIX_ONLY, async () => {
  const script = path.join(folder, 'script.ts');
  fs.writeFileSync(
    script,
    `
    import { quantizeBlip } from ${JSON.stringify(path.join(projectRoot(), 'lib/optimize'))};
    import { makeSamples } from ${JSON.stringify(path.join(projectRoot(), 'tests/optimize/tiny-model'))};
    const [from, to] = ${JSON.stringify([fp16, path.join(folder, 'interrupted')])};
    void (async () => {
      await quantizeBlip(from, await makeSamples(4), to, { progress_callback: ({ status }) => console.log(status) });
    })();`,
  );
  const child = spawn(process.execPath, ['--import', 'tsx', script], {
    cwd: projectRoot(),
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = new Promise<NodeJS.Signals | null>((resolve) => child.on('close', (_code, signal) => resolve(signal)));
  await new Promise<void>((resolve) =>
    child.stdout.on('data', (chunk: Buffer) => {
      if (String(chunk).includes('statistics')) resolve();
    }),
  );
  const [worker] = workers(child.pid ?? 0);
  assert.ok(worker, 'no worker is there to be ended');
  child.kill('SIGINT');
  assert.equal(await ended, 'SIGINT');
  assert.equal(fs.existsSync(path.join(folder, 'interrupted')), false);
  fs.rmSync(script);
  const isGone = (): boolean => {
    try {
      process.kill(worker, 0);
      return false;
    } catch {
      return true;
    }
  };
  for (let waited = 0; !isGone() && waited < 10_000; waited += 50) await sleep(50);
  assert.ok(isGone(), 'the worker goes on without its parent');
});

test(
  'a worker that is killed leaves nothing; one that gets the Ctrl-C meant for its parent goes on',
  POSIX_ONLY,
  async () => {
    const output = path.join(folder, 'signalled');
    const signalOnce = (signal: NodeJS.Signals) => {
      let sent = false;
      return ({ status }: { status: string }): void => {
        if (status === 'statistics' && !sent) {
          sent = true;
          process.kill(workers(process.pid)[0], signal);
        }
      };
    };
    await assert.rejects(
      quantizeBlip(fp16, samples, output, { parts: ['vision_model'], progress_callback: signalOnce('SIGKILL') }),
      /signal SIGKILL.* on vision_model.*memory/s,
    );
    assert.equal(fs.existsSync(output), false);
    const { parts } = await quantizeBlip(fp16, samples, output, {
      parts: ['vision_model'],
      progress_callback: signalOnce('SIGINT'),
    });
    assert.ok((parts.vision_model?.after.fakeQuantize ?? 0) > 0);
    fs.rmSync(output, { recursive: true });
  },
);

describe('samples', () => {
  const output = (): string => path.join(folder, 'out');
  const quantizeVision = (from: string, list: VqaSample[], subset_size?: number) =>
    quantizeBlip(from, list, output(), { parts: ['vision_model'], subset_size });

  test('none at all', async () => {
    await assert.rejects(
      quantizeVision(fp16, []),
      (error: unknown) => error instanceof QuantizeError && /samples is empty.*loadVqaSamples/.test(error.message),
    );
    assert.equal(fs.existsSync(output()), false);
  });

  test('a progress callback whose promise is rejected rejects the call, and leaves nothing', async () => {
    const output = path.join(folder, 'rejected');
    const progress_callback = async (): Promise<void> => {
      throw new TypeError('in the callback');
    };
    await assert.rejects(quantizeBlip(fp16, await makeSamples(2), output, { progress_callback }), /in the callback/);
    assert.equal(fs.existsSync(output), false);
  });

  test('fewer than subset_size: all are used, and progress counts to their number', async () => {
    const totals = new Set<number | undefined>();
    const { calibration, parts } = await quantizeBlip(fp16, samples, output(), {
      parts: ['vision_model'],
      subset_size: 300,
      progress_callback: ({ status, total }) => {
        if (status.startsWith('calibration') || status === 'statistics') totals.add(total);
      },
    });
    assert.deepEqual(
      [calibration.samples, calibration.images, parts.vision_model?.nncf.samples, [...totals]],
      [4, 4, 4, [4]],
    );
    fs.rmSync(output(), { recursive: true });
  });

  test('more than subset_size: the source is not read further', async () => {
    let read = 0;
    const source = async function* (): AsyncGenerator<VqaSample> {
      for (const sample of samples) {
        read++;
        yield sample;
      }
    };
    const { calibration } = await quantizeBlip(fp16, source(), output(), { parts: ['vision_model'], subset_size: 2 });
    assert.equal(calibration.samples, 2);
    assert.ok(read <= 3, `read ${read}`);
    fs.rmSync(output(), { recursive: true });
  });

  test('of no use: no picture, no question, nothing at all, a wrong shape; each is passed over and named', async () => {
    const unresized = path.join(folder, 'unresized');
    fs.cpSync(fp16, unresized, { recursive: true });
    writePreprocessor(unresized, { do_resize: false });
    const [larger] = await makeSamples(1, IMAGE_SIZE + 6);
    const nothing: VqaSample = JSON.parse('null');
    const broken = { ...samples[0], image_id: 'broken', image: Buffer.from('no picture') };
    const mute = { ...samples[1], image_id: 'mute', question: ' ' };
    const { calibration, parts } = await quantizeBlip(
      unresized,
      [broken, larger, mute, nothing, broken, ...samples],
      output(),
      { parts: ['vision_model', 'text_encoder'] },
    );
    assert.deepEqual(
      calibration.skipped.map(({ image_id }) => image_id),
      ['broken', '30-0', 'mute', 'undefined', 'broken'],
    );
    assert.match(calibration.skipped[1].reason, /\S/);
    assert.deepEqual([calibration.skipped[2].reason, calibration.skipped[3].reason], ['no question', 'no sample']);
    assert.deepEqual(
      [calibration.samples, parts.vision_model?.nncf.samples, parts.text_encoder?.nncf.samples],
      [4, 4, 4],
    );
    fs.rmSync(output(), { recursive: true });
    fs.rmSync(unresized, { recursive: true });
  });

  test('not finite: a model that gives NaN is named, not handed to NNCF', async () => {
    const poisoned = path.join(folder, 'poisoned');
    fs.cpSync(fp16, poisoned, { recursive: true });
    const offset = Number(
      /class_embedding"[^>]*>\s*<data [^>]*offset="(\d+)"/.exec(
        fs.readFileSync(path.join(poisoned, 'blip_vision_model.xml'), 'utf8'),
      )?.[1],
    );
    const file = fs.openSync(path.join(poisoned, 'blip_vision_model.bin'), 'r+');
    fs.writeSync(file, Uint8Array.of(0x7e, 0x7e), 0, 2, offset); // a NaN in f16
    fs.closeSync(file);
    await assert.rejects(quantizeVision(poisoned, samples), /blip_vision_model\.bin has the SHA-256/);
    fs.rmSync(path.join(poisoned, 'blip_manifest.json')); // taken as it is
    await assert.rejects(
      quantizeVision(poisoned, samples),
      /No calibration sample could be used: all 4 were skipped.*NaN/,
    );
    assert.equal(fs.existsSync(output()), false);
    writePreprocessor(poisoned, { image_std: [1e-45, 1, 1] });
    await assert.rejects(quantizeVision(poisoned, samples), /"image_std" is/);
    fs.rmSync(poisoned, { recursive: true });
  });
});

test('an existing model stays as it is when its successor fails, and NNCF says why', async () => {
  const output = path.join(folder, 'existing');
  fs.cpSync(fp16, output, { recursive: true });
  const contents = (): string[] =>
    fs
      .readdirSync(output)
      .sort()
      .map((name) => `${name} ${fs.readFileSync(path.join(output, name)).toString('base64')}`);
  const before = contents();
  await assert.rejects(
    quantizeBlip(fp16, samples, output, {
      parts: ['text_decoder'],
      ignored_scope: { text_decoder: { names: ['no such node'] } },
    }),
    /NNCF failed on text_decoder: .*no such node/s,
  );
  assert.deepEqual(contents(), before);
  await assert.rejects(quantizeBlip(fp16, samples, fp16), /folder to read from/);
  await assert.rejects(
    quantizeBlip(path.join(folder, 'absent'), samples, output),
    /Expected a folder that convertBlip wrote/,
  );
  assert.deepEqual(contents(), before);
  fs.rmSync(output, { recursive: true });
});

test('part by part into one folder, as the notebook does: others_from may be the output itself', async () => {
  const output = path.join(folder, 'parts');
  await quantizeBlip(fp16, samples, output, { parts: ['vision_model', 'text_encoder'] });
  const decoder = fs.readFileSync(path.join(output, 'blip_text_decoder.bin'));
  assert.ok(decoder.equals(fs.readFileSync(path.join(fp16, 'blip_text_decoder.bin'))), 'the decoder was not copied');
  const encoder = fs.readFileSync(path.join(output, 'blip_text_encoder.xml'));
  await quantizeBlip(fp16, [], output, { parts: ['text_decoder'], others_from: output });
  assert.ok(fs.statSync(path.join(output, 'blip_text_decoder.bin')).size < decoder.length);
  assert.ok(encoder.equals(fs.readFileSync(path.join(output, 'blip_text_encoder.xml'))), 'the encoder is another one');
  assert.deepEqual(fs.readdirSync(output).sort(), fs.readdirSync(fp16).sort());
  await assert.rejects(
    quantizeBlip(fp16, [], output, { parts: ['text_decoder'], others_from: folder }),
    /blip_vision_model\.xml is missing. Expected others_from/,
  );
  fs.rmSync(output, { recursive: true });
});

test('the same input gives the same files, to the byte, and preset and ignored_scope reach NNCF', async () => {
  const [one, two] = ['one', 'two'].map((name) => path.join(folder, name));
  for (const output of [one, two]) await quantizeBlip(fp16, samples, output);
  for (const name of fs.readdirSync(one))
    assert.ok(fs.readFileSync(path.join(one, name)).equals(fs.readFileSync(path.join(two, name))), `${name} differs`);
  const vision = path.join(one, 'blip_vision_model.xml');
  const mixed = await irStatistics(vision);
  const ignored = await quantizeBlip(fp16, samples, two, {
    parts: ['vision_model'],
    ignored_scope: { vision_model: { types: ['MatMul'] } },
  });
  assert.ok(
    (ignored.parts.vision_model?.after.fakeQuantize ?? Infinity) < mixed.fakeQuantize,
    'ignored multiplications were quantized',
  );
  await quantizeBlip(fp16, samples, two, { parts: ['vision_model'], preset: 'performance' });
  assert.ok(
    !fs.readFileSync(vision).equals(fs.readFileSync(path.join(two, 'blip_vision_model.xml'))) ||
      !fs.readFileSync(vision.replace('xml', 'bin')).equals(fs.readFileSync(path.join(two, 'blip_vision_model.bin'))),
    'preset changes nothing',
  );
  fs.rmSync(one, { recursive: true });
  fs.rmSync(two, { recursive: true });
});

test('staging: parts that the new model lacks go, leftovers of dead processes go when they are old', async () => {
  const output = path.join(folder, 'staged');
  fs.mkdirSync(output);
  for (const name of ['blip_text_encoder.xml', 'blip_text_encoder.bin', 'blip_vision_model.xml', 'notes.md'])
    fs.writeFileSync(path.join(output, name), 'old');
  const dead = 2 ** 22 + 1; // beyond Linux's largest process number
  for (const name of [`.unfinished-${dead}-old`, `.unfinished-${dead}-new`, `.unfinished-${process.pid}-mine`])
    fs.mkdirSync(path.join(output, name));
  for (const name of [`.unfinished-${dead}-old`, `.unfinished-${process.pid}-mine`])
    fs.utimesSync(path.join(output, name), 0, 0);
  await stageModel(output, async (staging) => {
    for (const name of ['blip_vision_model.xml', 'blip_vision_model.bin'])
      await fs.promises.writeFile(path.join(staging, name), 'new');
  });
  assert.deepEqual(
    fs.readdirSync(output).sort(),
    [
      `.unfinished-${process.pid}-mine`,
      `.unfinished-${dead}-new`,
      'blip_vision_model.bin',
      'blip_vision_model.xml',
      'notes.md',
    ].sort(),
  );
  assert.equal(fs.readFileSync(path.join(output, 'blip_vision_model.xml'), 'utf8'), 'new');
  for (const signal of ['SIGINT', 'SIGTERM'])
    assert.equal(process.listenerCount(signal), 0, `a listener for ${signal} stays`);
});
