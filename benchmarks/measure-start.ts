// measure-start.ts [options]: how long a program takes from its start to its first caption or answer, and to its end,
// at BLIP-base's size: the command and a program with our built library, and a program with transformers, each in a
// process of its own, in turns. The first round fills caches and does not count.
// Needs the models that `npm run bench -- --model blip-base` makes, and the library that `npm run build` makes.
import { spawn } from 'node:child_process';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { parseArgs } from 'node:util';
import { summarize, type Latency } from '../lib';
import { environmentOf } from './python-environment';
import { modelFolders } from './prepare-models';
import { progress, step } from './show-progress';

const USAGE = `node --import tsx benchmarks/measure-start.ts [options]
  --rounds <n>      rounds after the first (9)
  --sides <names>   some of the sides, such as command,transformers; all by default
  --python <file>   an interpreter with PyTorch and transformers; without it, only ours are measured
  --models <folder> with blip-base and blip-base-ir (output/bench)
  --results <file>  writes the figures as JSON`;

const IMAGE = path.join('data', 'pictures', 'demo.jpg');
const QUESTION = 'how many dogs are there?';
/** As many as the command writes at most. */
const CAPTION_TOKENS = 20;
const ANSWER_TOKENS = 3;
const ROUNDS = 9;
const MAX_ROUNDS = 1000;
/** What the ratios of each task are to. */
const BASE = 'command FP16';
const COMMAND = path.join('dist', 'cli', 'main.js');

interface Side {
  readonly name: string;
  readonly program: string;
  readonly args: readonly string[];
  readonly env?: NodeJS.ProcessEnv;
}

/** Milliseconds from the start. */
interface Run {
  readonly first: number;
  readonly end: number;
}

interface Row extends Record<'first' | 'end', Latency> {
  readonly task: string;
  readonly side: string;
  /** To the first output, by rounds. */
  readonly ratio?: Latency;
}

function sidesOf(task: 'caption' | 'question', models: string, python: string | undefined): Side[] {
  const { fp16, int8 } = modelFolders(path.join(models, 'blip-base-ir'));
  const tokens = task === 'caption' ? CAPTION_TOKENS : ANSWER_TOKENS;
  const words = task === 'caption' ? ['caption'] : ['ask', '--question', QUESTION];
  const exactly = ['--max-new-tokens', String(tokens), '--min-new-tokens', String(tokens)];
  const command = (name: string, folder: string): Side => ({
    name: `command ${name}`,
    program: process.execPath,
    args: [COMMAND, ...words, '--quiet', '--model', folder, ...exactly, IMAGE],
  });
  const program = (name: string, folder: string): Side => ({
    name: `program ${name}`,
    program: process.execPath,
    args: [path.join('benchmarks', 'start-once.mjs'), folder, IMAGE, String(tokens)],
  });
  const script = path.join('benchmarks', 'python', 'start_once.py');
  const transformers: Side[] =
    python === undefined
      ? []
      : [
          {
            name: 'transformers f32',
            program: python,
            args: [
              script,
              path.join(models, 'blip-base'),
              IMAGE,
              String(tokens),
              ...(task === 'question' ? [QUESTION] : []),
            ],
            env: environmentOf({ python }),
          },
        ];
  const programs = task === 'caption' ? [program('FP16', fp16.ours), program('INT8', int8.ours)] : [];
  return [command('FP16', fp16.ours), command('INT8', int8.ours), ...programs, ...transformers];
}

/** @throws {Error} with the program's words, when it fails or prints nothing */
function run({ name, program, args, env = process.env }: Side): Promise<Run> {
  return new Promise((resolve, reject) => {
    const start = performance.now();
    let first: number | undefined;
    let words = '';
    const child = spawn(program, args, { env, stdio: ['ignore', 'pipe', 'pipe'] });
    child.stdout.on('data', () => (first ??= performance.now() - start));
    child.stderr.on('data', (chunk) => (words = `${words}${String(chunk)}`.slice(-4000)));
    child.on('error', reject);
    child.on('close', (code) => {
      if (code === 0 && first !== undefined) resolve({ first, end: performance.now() - start });
      else
        reject(new Error(`${name} ended with ${code}, and printed ${first === undefined ? 'nothing' : ''}: ${words}`));
    });
  });
}

async function measureTask(task: string, sides: readonly Side[], rounds: number): Promise<Row[]> {
  const runs: Run[][] = sides.map(() => []);
  for (let round = 0; round <= rounds; round++) {
    if (round === 0) step(`${task}: ${sides.map(({ name }) => name).join(', ')}`);
    else progress(`${task}: round ${round} of ${rounds}`);
    for (const [i, side] of sides.entries()) {
      const measured = await run(side);
      if (round > 0) runs[i].push(measured);
    }
  }
  const base = sides.findIndex(({ name }) => name === BASE);
  return sides.map(({ name }, i) => ({
    task,
    side: name,
    first: summarize(runs[i].map(({ first }) => first)),
    end: summarize(runs[i].map(({ end }) => end)),
    ...(base >= 0 && i !== base && { ratio: summarize(runs[i].map(({ first }, at) => first / runs[base][at].first)) }),
  }));
}

function shown({ median, p10, p90 }: Latency, digits: number): string {
  return `${median.toFixed(digits)} (${p10.toFixed(digits)}-${p90.toFixed(digits)})`;
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      help: { type: 'boolean' },
      rounds: { type: 'string' },
      sides: { type: 'string' },
      python: { type: 'string' },
      models: { type: 'string' },
      results: { type: 'string' },
    },
  });
  if (values.help) return console.log(USAGE);
  const rounds = Number(values.rounds ?? ROUNDS);
  if (!Number.isInteger(rounds) || rounds < 1 || rounds > MAX_ROUNDS)
    throw new Error(`--rounds is "${values.rounds}"; expected a whole number from 1 to ${MAX_ROUNDS}.\n${USAGE}`);
  const models = values.models ?? path.join('output', 'bench');
  const { fp16, int8 } = modelFolders(path.join(models, 'blip-base-ir'));
  for (const needed of [fp16.ours, int8.ours, COMMAND])
    if (!fs.existsSync(needed))
      throw new Error(`${needed} is missing. Run: npm run build, and npm run bench -- --model blip-base --quick`);
  const wanted = values.sides?.split(',');
  const rows: Row[] = [];
  for (const task of ['caption', 'question'] as const) {
    const sides = sidesOf(task, models, values.python);
    const some =
      wanted === undefined ? sides : sides.filter(({ name }) => wanted.some((word) => name.startsWith(word)));
    if (some.length > 0) rows.push(...(await measureTask(task, some, rounds)));
  }
  if (rows.length === 0) throw new Error(`--sides names none of the sides.\n${USAGE}`);
  console.table(
    rows.map(({ task, side, first, end, ratio }) => ({
      task,
      side,
      'first output, ms': shown(first, 0),
      'end, ms': shown(end, 0),
      [`to ${BASE}`]: ratio === undefined ? '' : shown(ratio, 2),
    })),
  );
  if (values.results === undefined) return;
  const machine = { processor: os.cpus()[0].model, threads: os.availableParallelism(), node: process.version };
  const when = new Date().toISOString().slice(0, 10);
  const tokens = { caption: CAPTION_TOKENS, question: ANSWER_TOKENS };
  fs.writeFileSync(values.results, `${JSON.stringify({ when, ...machine, tokens, rows }, null, 2)}\n`);
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
});
