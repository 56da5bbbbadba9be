// npm run bench: the Python tutorial's pipeline, transformers and OpenVINO's benchmark_app beside ours, on random
// weights of BLIP-base's size and on the bundled model. Options: parse-arguments.ts. scripts/bench.mjs makes the
// environments and hands them over in BENCH_TUTORIAL and BENCH_TRANSFORMERS. Models are kept in output/bench.
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { instructionSet } from './instruction-set';
import { measureModel, type BenchSubject } from './measure-model';
import { measureMachine } from './measure-machine';
import { measureOverhead } from './run-overhead';
import { modelFolders } from './prepare-models';
import { ArgumentsError, parseArguments, USAGE, type BenchArguments } from './parse-arguments';
import { whyNot, type PythonEnvironment } from './python-environment';
import { readResults, writeResults } from './results-file';
import { writeDocs } from './write-docs';
import { reportOf, type MeasuredModel, type Results } from './write-report';

const CACHE = path.join('output', 'bench');
/** Linux alone has it. */
const CPU_FLAGS = '/proc/cpuinfo';
const MODULES = {
  tutorial: ['torch', 'transformers', 'openvino', 'nncf', 'PIL'],
  transformers: ['torch', 'transformers', 'PIL'],
};
const BUNDLED = path.join('models', 'blip-scenes');

async function main(): Promise<void> {
  if (process.argv.includes('--help')) return console.log(USAGE);
  const options = parseArguments(process.argv.slice(2));
  const results = options.from === undefined ? await measureAll(options) : readResults(options.from);
  if (options.from === undefined) {
    // Also where the documentation is not to be written: what took minutes is not lost
    const latest = path.join(CACHE, 'latest.json');
    writeResults(latest, results);
    console.log(`\nThe figures are in ${latest}; --from ${latest} --write-docs writes them into the documentation.`);
  }
  console.log(`\n${reportOf(results)}`);
  if (options.write_docs) for (const file of writeDocs(__dirname, results)) console.log(`written: ${file}`);
}

async function measureAll(options: BenchArguments): Promise<Results> {
  fs.mkdirSync(CACHE, { recursive: true });
  const not_run: Record<string, string> = {};
  const environments: Record<'tutorial' | 'transformers', PythonEnvironment | undefined> = {
    tutorial: undefined,
    transformers: undefined,
  };
  for (const name of ['tutorial', 'transformers'] as const) {
    if (options.sides.size === 0) continue;
    const given = environment(`BENCH_${name.toUpperCase()}`);
    const reason = typeof given === 'string' ? given : await whyNot(given, MODULES[name]);
    if (reason === undefined && typeof given !== 'string') environments[name] = given;
    else if (reason !== undefined && options.sides.has(name)) not_run[name] = reason;
  }
  const machine = await measureMachine(environments.tutorial);
  const subjects: BenchSubject[] = [
    {
      name: "Random weights of BLIP-base's size (blip-vqa-base)",
      checkpoint: path.join(CACHE, 'blip-base'),
      isRandom: true,
      pytorchRuns: 5,
    },
    { name: 'Bundled model (blip-scenes)', checkpoint: BUNDLED, isRandom: false, pytorchRuns: 10 },
  ];
  const models: MeasuredModel[] = [];
  const versions = new Map<string, string>([['Node', process.versions.node]]);
  for (const subject of subjects) {
    if (!options.models.includes(path.basename(subject.checkpoint))) continue;
    console.log(subject.name);
    models.push(await measureModel(subject, { options, environments, versions, cache: CACHE }));
  }
  const bundled = modelFolders(`${path.join(CACHE, path.basename(BUNDLED))}-ir`).fp16.ours;
  const overhead = options.models.includes(path.basename(BUNDLED)) ? await measureOverhead(bundled) : undefined;
  return {
    date: new Date().toISOString().slice(0, 10),
    instruction_set: instructionSet(fs.existsSync(CPU_FLAGS) ? fs.readFileSync(CPU_FLAGS, 'utf8') : ''),
    limitedTo: process.env.ONEDNN_MAX_CPU_ISA?.toLowerCase(),
    machine: { processor: machine.get('processor') ?? os.cpus()[0].model, cores: os.cpus().length },
    versions: Object.fromEntries(versions),
    not_run,
    models,
    overhead,
  };
}

/** What scripts/bench.mjs hands over: an environment, or why there is none. */
function environment(name: string): PythonEnvironment | string {
  const given = process.env[name];
  if (given === undefined) return 'started without npm run bench, which makes its Python environment';
  const value: unknown = JSON.parse(given);
  const fields = new Map<string, unknown>(typeof value === 'object' && value !== null ? Object.entries(value) : []);
  const [python, packages, reason] = ['python', 'packages', 'reason'].map((field) => fields.get(field));
  if (typeof python !== 'string') return typeof reason === 'string' ? reason : `${name} names no interpreter`;
  return { python, ...(typeof packages === 'string' && { packages }) };
}

main().catch((error: unknown) => {
  console.error(error instanceof ArgumentsError ? error.message : error);
  process.exitCode = error instanceof ArgumentsError ? 2 : 1;
});
