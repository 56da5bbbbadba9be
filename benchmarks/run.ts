// npm run bench: the Python tutorial's pipeline and ours side by side, on random weights of BLIP-base's size and on the
// bundled model. Takes the interpreter of the tutorial's environment as its argument (scripts/bench.mjs makes it).
// Models are kept in output/bench.
import { execFile } from 'node:child_process';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { promisify } from 'node:util';
import { BlipProcessor, compareSizes, loadCheckpoint, writeRandomCheckpoint, type BlipConfig } from '../lib';
import { countWork, type Machine, type Phases, type Work } from './count-work';
import type { Overhead } from './measure-overhead';
import { ANSWER_TOKENS, CAPTION_TOKENS, measureSides } from './measure-sides';
import { modelFolders, quantizeBoth, timeConversions } from './prepare-models';
import { PythonWorker } from './python-worker';
import { runJSON } from './run-json';
import { reportOf, writeReport, type MeasuredModel, type MeasuredPrecision, type Results } from './write-report';

const exec = promisify(execFile);
const CACHE = path.join('output', 'bench');
const BUNDLED = path.join('models', 'blip-scenes');
const SUBJECT = { picture: 'data/pictures/demo.jpg', question: 'how many dogs are in the picture?' };
/** The usual young generation is too small to count allocations without a collection in between. */
const YOUNG_GENERATION_MB = 256;

interface Subject {
  readonly name: string;
  readonly checkpoint: string;
  readonly runs: number;
  readonly pytorchRuns: number;
  readonly conversions: number;
}

async function main(python: string, only: string | undefined): Promise<void> {
  const base = path.join(CACHE, 'blip-base');
  const processor = (await measureMachine(python)).get('processor');
  const subjects: Subject[] = [
    {
      name: "Random weights of BLIP-base's size (blip-vqa-base)",
      checkpoint: base,
      runs: 9,
      pytorchRuns: 5,
      conversions: 3,
    },
    { name: 'Bundled model (blip-scenes)', checkpoint: BUNDLED, runs: 50, pytorchRuns: 10, conversions: 3 },
  ];
  const models: MeasuredModel[] = [];
  const versions = new Map<string, string>([['Node', process.versions.node]]);
  for (const subject of subjects.filter(({ checkpoint }) => !only || checkpoint.includes(only))) {
    console.log(subject.name);
    if (subject.checkpoint === base) await writeRandomCheckpoint(base, { num_hidden_layers: 12, vocab_size: 30_524 });
    models.push(await measureModel(python, subject, versions));
  }
  const overhead = models.some(({ checkpoint }) => checkpoint === BUNDLED) ? await measureOverhead() : undefined;
  const limitedTo = process.env.ONEDNN_MAX_CPU_ISA?.toLowerCase();
  const results: Results = {
    date: new Date().toISOString().slice(0, 10),
    limitedTo,
    machine: { processor, cores: os.cpus().length },
    versions: Object.fromEntries(versions),
    models,
    overhead,
  };
  // One model alone is a look in between; on a limited instruction set the large one alone is the usual run.
  console.log(`\n${only && !limitedTo ? reportOf(results) : writeReport(__dirname, results)}`);
}

function measureOverhead(): Promise<Overhead> {
  const folder = modelFolders(`${path.join(CACHE, path.basename(BUNDLED))}-ir`).fp16.ours;
  const args = [
    `--max-semi-space-size=${YOUNG_GENERATION_MB}`,
    '--import',
    'tsx',
    path.join(__dirname, 'measure-overhead.ts'),
    folder,
    SUBJECT.picture,
  ];
  return runJSON(process.execPath, args, [
    'per_token',
    'inside',
    'outside',
    'outside_p90',
    'allocated_bytes_per_token',
    'empty_call',
  ]);
}

async function measureModel(
  python: string,
  { name, checkpoint, runs, pytorchRuns, conversions }: Subject,
  versions: Map<string, string>,
): Promise<MeasuredModel> {
  const folders = modelFolders(`${path.join(CACHE, path.basename(checkpoint))}-ir`);
  fs.mkdirSync(folders.fp16.ours, { recursive: true });
  const conversion = await timeConversions(python, checkpoint, folders, conversions);
  await quantizeBoth(python, checkpoint, folders);
  const { config } = await loadCheckpoint(checkpoint);
  const processor = await BlipProcessor.fromCheckpoint(checkpoint);
  const input_ids = Array.from(processor.text(SUBJECT.question).input_ids, Number);
  const worker = new PythonWorker(python);
  try {
    for (const [key, value] of Object.entries(await worker.request({ do: 'open', checkpoint })))
      versions.set(key, String(value));
    await worker.request({ do: 'set_inputs', image: SUBJECT.picture, input_ids });
    const precisions: MeasuredPrecision[] = [];
    for (const precision of ['FP16', 'INT8'] as const) {
      process.stdout.write(`  ${precision} `);
      const before = await measureMachine(python);
      const measured = await measureSides(worker, precision === 'FP16' ? folders.fp16 : folders.int8, SUBJECT, runs);
      process.stdout.write('\n');
      const machines = [before, await measureMachine(python)].map((rates) =>
        machineOf(rates, precision, measured.precision),
      );
      precisions.push({ name: precision, ...measured, work: workOf(config, input_ids.length, precision), machines });
    }
    const pytorch: number[] = [];
    for (let run = -1; run < pytorchRuns; run++) {
      const { ms } = await worker.run('torch_vqa', ANSWER_TOKENS);
      if (run >= 0) pytorch.push(ms);
    }
    const files = fs.readdirSync(folders.fp16.ours).filter((file) => /\.(xml|bin)$/.test(file));
    const ir_bytes = files.reduce((sum, file) => sum + fs.statSync(path.join(folders.fp16.ours, file)).size, 0);
    return {
      model: name,
      checkpoint,
      conversion,
      ir_bytes,
      sizes: compareSizes(folders.fp16.ours, folders.int8.ours),
      precisions,
      pytorch,
    };
  } finally {
    worker.close();
  }
}

/** What this machine can do right now: where it shares its cores with others, that changes while the benchmark runs. */
async function measureMachine(python: string): Promise<ReadonlyMap<string, unknown>> {
  const rates: unknown = JSON.parse(
    (await exec(python, [path.join(__dirname, 'python', 'measure_machine.py')])).stdout,
  );
  if (typeof rates !== 'object' || rates === null) throw new TypeError('measure_machine.py printed no object');
  return new Map(Object.entries(rates));
}

function machineOf(rates: ReadonlyMap<string, unknown>, precision: 'FP16' | 'INT8', computedIn: string): Machine {
  const half = computedIn.startsWith('bf16') ? 'bf16' : 'f32';
  const rate = (name: string): number => Number(rates.get(name) ?? NaN);
  return {
    gflops: rate(precision === 'INT8' ? 'int8_gflops' : `${half}_gflops`),
    gigabytesPerSecond: rate('stream_bf16_gbs'),
  };
}

/** The least work of each stage, by the names that measure-sides gives them. */
function workOf(config: BlipConfig, questionLength: number, precision: 'FP16' | 'INT8'): Record<string, Phases> {
  const { visionModel, textLayers, decoderStep, imageAttention, stepImageAttention, stepQuestionAttention } = countWork(
    config,
    questionLength,
    precision === 'INT8' ? 1 : 2,
  );
  const textEncoder: Phases = [
    [imageAttention, 1],
    [textLayers, 1],
  ];
  const steps = (crossAttention: Work, times: number): Phases => [
    [decoderStep, times],
    [crossAttention, times],
  ];
  const answer: Phases = [...textEncoder, ...steps(stepQuestionAttention, ANSWER_TOKENS)];
  return {
    'vision model': [[visionModel, 1]],
    'text encoder': textEncoder,
    'decoder, per token on an image': steps(stepImageAttention, 1),
    'decoder, per token on a question': steps(stepQuestionAttention, 1),
    [`caption, ${CAPTION_TOKENS} new tokens`]: [[visionModel, 1], ...steps(stepImageAttention, CAPTION_TOKENS)],
    [`question, ${ANSWER_TOKENS} new tokens`]: [[visionModel, 1], ...answer],
    'second question on the same image': answer,
  };
}

void main(process.argv[2], process.argv[3]);
