// measure-peak.ts [FOLDER] [RESULTS.json]: memory of BLIP-base at each step of the two notebooks, and whose it is.
// Makes a checkpoint of random weights, its FP16 and its INT8 models in FOLDER (output/bench/peak by default) where
// they are not there yet. Linux only: it reads /proc.
//
// `resident` is what `top` shows. `mapped` is the part of it that the system has on disk as well (weights, libraries)
// and takes back when another program needs room; `own` is the rest, which it cannot. Peaks since the step before,
// every SAMPLE_MS; `resident`'s is exact. Each notebook is a process of its own; notebook 1 once with a second model
// for attention, and once with one that shows it from the start.
import { spawnSync } from 'node:child_process';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  BlipProcessor,
  compareModels,
  convertBlip,
  loadCheckpoint,
  loadVqaSamples,
  OVBlipModel,
  quantizeBlip,
  traceAnswer,
  traceCaption,
  writeRandomCheckpoint,
} from '../lib';
import type { Config } from '../lib/openvino';

const FOLDER = process.argv[2] ?? path.join('output', 'bench', 'peak');
const IMAGE = path.join('data', 'pictures', 'demo.jpg');
const SAMPLE_MS = 20;
const MARK = 'peak:';
/** What is freed, or released from memory, when a call has returned. */
const SETTLED_MS = 500;
const QUESTION = 'how many dogs are there?';
const FOLDERS = ['checkpoint', 'fp16', 'int8', 'attentions'];
const [checkpoint, fp16, int8, attentions] = FOLDERS.map((name) => path.join(FOLDER, name));

interface Row {
  readonly step: string;
  readonly resident_mb: number;
  /** Resident at its end. */
  readonly after_mb: number;
  readonly own_mb: number;
  readonly mapped_mb: number;
}

function readField(file: string, name: string): number {
  const [, kilobytes] = new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(fs.readFileSync(file, 'utf8')) ?? [];
  return Number(kilobytes) / 1024;
}

/** Takes peaks until the process ends. */
class Sampler {
  #own = 0;
  #mapped = 0;
  readonly #timer = setInterval(() => this.#sample(), SAMPLE_MS).unref();

  #sample(): void {
    const own = readField('/proc/self/status', 'RssAnon');
    this.#own = Math.max(this.#own, own);
    this.#mapped = Math.max(this.#mapped, readField('/proc/self/status', 'VmRSS') - own);
  }

  /** @param step what the peaks since the last call belong to */
  async end(step: string): Promise<void> {
    await sleep(SETTLED_MS);
    this.#sample();
    const resident_mb = Math.round(readField('/proc/self/status', 'VmHWM'));
    const after_mb = Math.round(readField('/proc/self/status', 'VmRSS'));
    const row: Row = {
      step,
      resident_mb,
      after_mb,
      own_mb: Math.round(this.#own),
      mapped_mb: Math.round(this.#mapped),
    };
    console.log(`${MARK}${JSON.stringify(row)}`);
    this.#own = 0;
    this.#mapped = 0;
    fs.writeFileSync('/proc/self/clear_refs', '5'); // resets VmHWM
  }

  stop(): void {
    clearInterval(this.#timer);
  }
}

/** What both notebooks need beforehand; not measured. */
async function prepare(): Promise<void> {
  if (fs.existsSync(path.join(int8, 'blip_manifest.json'))) return;
  await writeRandomCheckpoint(checkpoint, { num_hidden_layers: 12, vocab_size: 30_524 });
  const opened = await loadCheckpoint(checkpoint);
  await convertBlip(opened, fp16);
  opened.close();
  const { samples } = await loadVqaSamples('data/vqa-scenes', { split: 'train', count: 8, seed: 42 });
  await quantizeBlip(fp16, samples, int8, { subset_size: 8 });
}

interface ConvertFlow {
  readonly properties: Config;
  /** A second model for attention; otherwise the first one has it. */
  readonly second: boolean;
}

async function convertNotebook({ properties, second }: ConvertFlow): Promise<void> {
  const sampler = new Sampler();
  await sampler.end('the library is loaded');
  const opened = await loadCheckpoint(checkpoint);
  const folder = second ? fp16 : attentions;
  await convertBlip(opened, folder, { output_attentions: !second });
  await sampler.end('converted');
  const processor = await BlipProcessor.fromPretrained(folder);
  const model = await OVBlipModel.load(folder, { properties });
  await sampler.end(`loaded, to compute in ${model.precision}`);
  const text = processor.text(QUESTION);
  const use = async (used: OVBlipModel, step: string): Promise<void> => {
    const pixel_values = await processor.image(IMAGE);
    await used.generateCaption({ pixel_values }, { max_length: 20 });
    await sampler.end(`${step}caption`);
    await used.generateAnswer({ pixel_values, ...text }, { max_length: 20 });
    await sampler.end(`${step}answer`);
  };
  await use(model, '');
  let seer = model;
  if (second) {
    await convertBlip(opened, attentions, { output_attentions: true });
    seer = await OVBlipModel.load(attentions, { properties });
    await sampler.end('a second model, with attention, converted and loaded');
  }
  opened.close();
  const image_embeds = await model.encodeImage({ pixel_values: await processor.image(IMAGE) });
  await traceCaption(seer, processor, { image_embeds }, { max_length: 20 });
  await traceAnswer(seer, processor, { image_embeds, question: QUESTION });
  await sampler.end('attention of a caption and of an answer');
  const beside = await OVBlipModel.load(int8, { properties });
  await use(beside, 'INT8 beside it: ');
  for (const each of [model, seer, beside]) each.dispose();
  await sampler.end('disposed');
  sampler.stop();
}

const F32: Config = { INFERENCE_PRECISION_HINT: 'f32' };
/** Notebook 1. */
const FLOWS: Readonly<Record<string, ConvertFlow>> = {
  convert: { properties: {}, second: false },
  convert_f32: { properties: F32, second: false },
  convert_twice: { properties: {}, second: true },
  convert_twice_f32: { properties: F32, second: true },
};

async function optimizeNotebook(): Promise<void> {
  const sampler = new Sampler();
  await sampler.end('the library is loaded');
  const { samples } = await loadVqaSamples('data/vqa-scenes', { split: 'val', count: 4, seed: 1 });
  const processor = await BlipProcessor.fromPretrained(fp16);
  const models = [await OVBlipModel.load(fp16), await OVBlipModel.load(int8)];
  for (const model of models) {
    const pixel_values = await processor.image(IMAGE);
    await model.generateCaption({ pixel_values }, { max_length: 20 });
    await model.generateAnswer({ pixel_values, ...processor.text(QUESTION) }, { max_length: 20 });
  }
  await sampler.end('FP16 and INT8 loaded: a caption and an answer of each');
  const { precision } = await compareModels(fp16, int8, samples, { runs: 3, captions: 2 });
  await sampler.end(`compared: FP16 in ${precision.before}, INT8 in ${precision.after}`);
  for (const model of models) model.dispose();
  await sampler.end('disposed');
  sampler.stop();
}

function runNotebook(name: string): Row[] {
  console.log(`\n${name}: peaks in MB`);
  const args = [...process.execArgv, __filename, FOLDER, name];
  const { stdout, status } = spawnSync(process.execPath, args, {
    encoding: 'utf8',
    maxBuffer: 1 << 26,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  if (status !== 0) throw new Error(`${name} ended with ${status}`);
  const rows: Row[] = stdout
    .split('\n')
    .filter((line) => line.startsWith(MARK))
    .map((line) => JSON.parse(line.slice(MARK.length)));
  console.table(rows);
  return rows;
}

async function main(): Promise<void> {
  const [, , , name] = process.argv;
  if (name === 'prepare') return prepare();
  const flow = FLOWS[name ?? ''];
  if (flow) return convertNotebook(flow);
  if (name === 'optimize') return optimizeNotebook();
  runNotebook('prepare');
  const names = [...Object.keys(FLOWS), 'optimize'];
  const notebooks = Object.fromEntries(names.map((each) => [each, runNotebook(each)]));
  if (name === undefined) return;
  const machine = { processor: os.cpus()[0].model, threads: os.availableParallelism(), node: process.version };
  const when = new Date().toISOString().slice(0, 10);
  fs.writeFileSync(
    name,
    `${JSON.stringify({ when, ...machine, model: 'random weights of BLIP-base', notebooks }, null, 2)}\n`,
  );
}

main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
