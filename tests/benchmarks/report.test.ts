// The benchmark's own parts that need no Python: arguments, rounds, what other programs report, tables and where they
// go.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { instructionSet } from '../../benchmarks/instruction-set';
import { parseReport } from '../../benchmarks/measure-limit';
import { measureRounds } from '../../benchmarks/measure-rounds';
import { reasonOf } from '../../benchmarks/measure-today';
import { ArgumentsError, parseArguments } from '../../benchmarks/parse-arguments';
import { whyNot } from '../../benchmarks/python-environment';
import { PythonWorker, PythonWorkerError } from '../../benchmarks/python-worker';
import { costTable } from '../../benchmarks/report-cost';
import { speedTable } from '../../benchmarks/report-speed';
import { replaceSection } from '../../benchmarks/write-docs';
import { reportOf, type MeasuredModel, type Results } from '../../benchmarks/write-report';

describe('arguments', () => {
  test('have defaults, and are bounded', () => {
    const usual = parseArguments([]);
    assert.deepEqual([usual.rounds, usual.images, usual.write_docs], [9, 200, false]);
    assert.deepEqual([...usual.sides], ['tutorial', 'transformers', 'benchmark_app', 'folder']);
    const few = parseArguments(['--quick', '--rounds', '5', '--sides=folder, tutorial', '--model', 'blip-base']);
    assert.deepEqual(
      [few.rounds, few.images, [...few.sides], few.models],
      [5, 24, ['folder', 'tutorial'], ['blip-base']],
    );
    assert.equal(parseArguments(['--sides', 'none']).sides.size, 0);
  });

  test('that are wrong are refused with what is taken', () => {
    for (const args of [
      ['--rounds', '0'],
      ['--rounds', 'NaN'],
      ['--rounds', '-1'],
      ['--rounds', '1e9'],
      ['--images', ''],
    ])
      assert.throws(
        () => parseArguments(args),
        (error: Error) => error instanceof ArgumentsError && /--rounds|--images/.test(error.message),
        args.join(' '),
      );
    assert.throws(() => parseArguments(['--sides', 'tensorflow']), /tensorflow.*tutorial, transformers/);
    assert.throws(() => parseArguments(['--colour']), /colour/);
    assert.throws(() => parseArguments(['stray']), /stray/);
  });
});

describe('rounds', () => {
  test('take turns; a side that fails is left out with its reason, the others go on', async () => {
    const order: string[] = [];
    let runs = 0;
    const { samples, failures, values } = await measureRounds(
      {
        a: async () => ({ ms: order.push('a'), value: [1] }),
        b: async () => {
          order.push('b');
          if (++runs === 4) throw new Error('out of memory');
          return { ms: 1 };
        },
      },
      { rounds: 4, seconds_per_stage: 60 },
    );
    assert.equal(order.join(''), 'abababab' + 'aa');
    assert.deepEqual([samples.a.length, samples.b, values.a], [4, undefined, [1]]);
    assert.deepEqual(failures, { b: 'out of memory' });
  });

  test('end when the time is up, but three are measured', async () => {
    const slow = async (): Promise<{ ms: number }> => {
      await new Promise((resolve) => setTimeout(resolve, 20));
      return { ms: 20 };
    };
    const { samples } = await measureRounds({ slow }, { rounds: 1000, seconds_per_stage: 0.001 });
    assert.equal(samples.slow.length, 3);
  });
});

describe('what other programs say', () => {
  test('benchmark_app: the median of a run, or the inverse of the rate', () => {
    // The fields of benchmark_report.json, as openvino 2026.4 writes them
    const text =
      '{"execution_results":{"total number of iterations":"17","latency (ms)":"356.21","avg ' +
      'latency":"360.10","throughput":"4.0"}}';
    assert.equal(parseReport(text, 'latency'), 356.21);
    assert.equal(parseReport(text, 'throughput'), 250);
    for (const bad of ['{}', '[]', 'null', '{"execution_results":{"throughput":"0"}}'])
      assert.throws(() => parseReport(bad, 'throughput'), /benchmark_report\.json.*throughput/);
  });

  test('a missing compiler is told as such', () => {
    const message =
      'transformers_worker.py, request {}: InductorError: InvalidCxxCompiler: No working C++ compiler found in ' +
      "torch._inductor.config.cpp.cxx: (None, 'g++')\n\nSet TORCHDYNAMO_VERBOSE=1";
    assert.match(reasonOf(new PythonWorkerError(message)), /^torch\.compile needs a C\+\+ compiler: /);
  });

  test('an interpreter that is not there, and one without the package, end with a sentence', async () => {
    assert.match(
      String(await whyNot({ python: 'no-such-python' }, ['torch'])),
      /torch cannot be imported: .*no-such-python/,
    );
    const worker = new PythonWorker({ python: 'no-such-python' }, 'worker.py');
    await assert.rejects(worker.request({ do: 'open' }), {
      constructor: PythonWorkerError,
      message: /could not be started/,
    });
    worker.close();
  });

  test('the processor', () => {
    assert.equal(instructionSet('flags\t\t: fpu avx2 avx512f avx512_vnni avx512_bf16 amx_tile\n'), 'avx512_core_amx');
    assert.equal(instructionSet('flags\t\t: fpu avx2 avx512f avx512_vnni avx512_bf16\n'), 'avx512_core_bf16');
    assert.equal(instructionSet('Features\t: fp asimd\n'), 'neon');
    assert.equal(instructionSet(''), process.arch);
  });
});

const stage = (name: string) => ({ stage: name, tutorial: [20, 40, 60], ours: [10, 20, 30] });
const precision = { precision: 'f32', threads: 2, work: {}, machines: [{ gflops: 300, gigabytesPerSecond: 20 }] };
const model: MeasuredModel = {
  model: 'Base',
  checkpoint: 'output/bench/blip-base',
  conversion: {
    tutorial: [{ milliseconds: 20_000, peak_bytes: 3e9 }],
    ours: [{ milliseconds: 2000, peak_bytes: 1e8 }],
  },
  ir_bytes: 7e8,
  sizes: {},
  precisions: [
    { name: 'FP16', ...precision, stages: [stage('caption, 10 new tokens')] },
    { name: 'INT8', ...precision, stages: [stage('caption, 10 new tokens')] },
  ],
  today: {
    stages: [
      { stage: 'vision model', samples: { 'ours FP16': [100, 200], 'transformers bf16': [300, 600] } },
      { stage: 'caption', samples: { 'ours FP16': [200, 200] } },
    ],
    not_run: { 'transformers f32+compile': 'torch.compile needs a C++ compiler' },
  },
  limit: {
    runs: [
      { weights: 'FP16', hint: 'latency', precision: 'default', batch: 1, ms_per_image: 250 },
      { weights: 'FP16', hint: 'latency', precision: 'f32', batch: 1, ms_per_image: 75 },
    ],
  },
  folder: {
    images: 200,
    not_run: {},
    runs: [
      { side: 'ours FP16', images: 200, ms_per_image: 360, vision_ms: 300, vision_batch: 4, batch_size: 8 },
      { side: 'ours INT8', images: 200, ms_per_image: 180, vision_ms: 180, vision_batch: 1, batch_size: 1 },
      { side: 'transformers bf16', images: 40, ms_per_image: 720 },
    ],
  },
};
const results: Results = { date: '2026-11-28', machine: { processor: 'A', cores: 2 }, versions: {}, models: [model] };

describe('tables', () => {
  test('have ratios of rounds, the reason of what was not run, and the limit', () => {
    const report = reportOf(results);
    assert.match(report, /\| transformers bf16 \| 450\.00 \(330\.00-570\.00\) \*\*3\.00\*\* \| {2}\|/);
    assert.match(report, /transformers f32\+compile: not run: torch\.compile needs a C\+\+ compiler\./);
    assert.match(report, /\| FP16, latency \| 75\.00 \| f32, batch 1 \| 150\.00 \| 2\.00 \|/);
    assert.match(
      report,
      /\| ours FP16 \| 200 \| 2\.78 \| 360\.00 \| 1\.00 \| 300\.00, batch 4 \| \*\*1\.20\*\*, batch 8 \|/,
    );
    assert.match(report, /best of transformers \(transformers bf16\): ours FP16 2\.00x, ours INT8 4\.00x/);
    assert.doesNotMatch(report, /NaN|undefined|null/);
  });

  test('name the version of transformers that was measured, or none', () => {
    const measured = { ...results, models: [{ ...model, pytorch: [1200] }] };
    const versions = { 'transformers (tutorial)': '4.56.1', 'transformers (today)': '5.24.0' };
    const sentence = /The tutorial's PyTorch \((.*)\) takes 1200\.00 ms/;
    assert.equal(sentence.exec(reportOf({ ...measured, versions }))?.[1], 'f32, eager, transformers 4.56.1');
    assert.equal(sentence.exec(reportOf(measured))?.[1], 'f32, eager');
  });

  test('without any other side there are none of their rows', () => {
    const alone = { ...model, conversion: { ...model.conversion, tutorial: [] }, precisions: [], today: undefined };
    const report = reportOf({ ...results, models: [alone], not_run: { tutorial: 'torch cannot be imported' } });
    assert.match(report, /tutorial: not run: torch cannot be imported\./);
    assert.doesNotMatch(report, /NaN|undefined|for the tutorial/);
    assert.equal(speedTable(results, alone), undefined);
  });

  test('the short one, and the cost of many images', () => {
    assert.match(
      String(speedTable(results, model)),
      /\| caption, 10 new tokens \| the tutorial \| \*\*2\.0x\*\* \(2\.0-2\.0\) \|/,
    );
    const cost = String(costTable(results, model, 'x.json'));
    assert.match(cost, /\| ours FP16 \| 2\.78 \| 100 \| 100,000 \|/); // 0.36 s x 1e6 / 3600
    assert.match(cost, /\| ours INT8 \| 5\.56 \| 50 \| 50,000 \|/);
  });

  test('go between their marks; without marks nothing is lost', () => {
    const text = 'a\n<!-- x: begin -->\nold\n<!-- x: end -->\nb\n';
    const once = replaceSection(text, 'x', 'new');
    assert.equal(once, 'a\n<!-- x: begin -->\n\nnew\n\n<!-- x: end -->\nb\n');
    assert.equal(replaceSection(once, 'x', 'new'), once);
    const long = replaceSection(text, 'x', `${'word '.repeat(50).trim()}\n| ${'cell '.repeat(50)}|`).split('\n');
    assert.ok(long.filter((line) => line.startsWith('word')).every((line) => line.length <= 120));
    assert.equal(long.filter((line) => line.startsWith('|')).length, 1);
    assert.throws(() => replaceSection('a', 'x', 'new'), /<!-- x: begin -->/);
  });
});
