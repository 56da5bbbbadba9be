// Compiles one graph of a model, or takes it from the cache of compiled models
// (docs/decisions/021-compiled-models-kept.md).
import { createHash } from 'node:crypto';
import * as os from 'node:os';
import * as path from 'node:path';
import { fileIdentity, isSettled } from '../../model-folder/digest-memory';
import type { CompiledModel, Config, Core, Model, OpenVINO } from '../../openvino';
import {
  beginCompiled,
  discardCompiled,
  findCompiled,
  maxCompiledBytes,
  publishCompiled,
  type Kept,
} from './compiled-store';
import { beginFixedGraph } from './fixed-graph';
import { describeProcessor } from './describe-processor';
import { noteMapped } from './release-weights';

/** Changes when entries of the cache are made in another way. */
const FORMAT = 2;
/** Properties by which a caller decides about OpenVINO's own cache; CACHE_DIR may be empty: no cache at all. */
const DECIDED: readonly string[] = ['CACHE_DIR', 'CACHE_MODE', 'WEIGHTS_PATH', 'CACHE_ENCRYPTION_CALLBACKS'];
export interface GraphPart {
  readonly openvino: OpenVINO;
  readonly core: Core;
  /** The graph; its weights lie beside it. */
  readonly xml: string;
  readonly device: string;
  readonly properties: Config;
  /** The batch size of the first input to compile for, -1 for any; as in the file by default. */
  readonly batch?: number;
  /** False: neither taken from the cache nor kept in it. */
  readonly cached?: boolean;
  /** Called when OpenVINO's threads are at work and this one is idle; may be called twice. */
  readonly onCompiling?: (() => void) | undefined;
}

/**
 * @throws {OpenVINOError} when the graph cannot be compiled, as without a cache
 */
export async function compilePart(part: GraphPart): Promise<CompiledModel> {
  const key = await keyOf(part);
  if (key === undefined) return compile(part, {});
  const found = await findCompiled(key);
  const folder = found ? path.dirname(found.blob) : await beginCompiled(key);
  if (folder === undefined) return compile(part, {});
  let compiled: CompiledModel | undefined;
  let graph = found?.graph;
  try {
    // Without weights: they are mapped from the model's own file
    const weights = path.resolve(weightsOf(part.xml));
    const cache = { CACHE_DIR: folder, CACHE_MODE: 'OPTIMIZE_SIZE', WEIGHTS_PATH: weights };
    if (found === undefined) graph = await beginGraph(part, key);
    compiled = await compile(part, cache, { blob: found?.blob, graph });
  } catch {
    await discardCompiled(key); // whatever is wrong with it: below, the graph itself has its say
  }
  if (found === undefined) await publishCompiled(key, folder, compiled !== undefined, graph);
  return compiled ?? compile(part, {});
}

function beginGraph({ xml, batch }: GraphPart, key: string): Promise<string | undefined> | undefined {
  return batch === undefined ? undefined : beginFixedGraph(key, xml, batch);
}

async function compile(part: GraphPart, cache: Config, { blob, graph }: Partial<Kept> = {}): Promise<CompiledModel> {
  const { core, xml, device, batch, onCompiling } = part;
  const start = async (from: Model | string): Promise<CompiledModel> => {
    const compiling = core.compileModel(from, device, { ...cache, ...part.properties });
    onCompiling?.();
    const compiled = await compiling;
    if (device === 'CPU') noteMapped(compiled, [weightsOf(xml), ...(blob === undefined ? [] : [blob])]);
    return compiled;
  };
  if (batch === undefined || graph !== undefined) return start(graph ?? xml);
  const model = await core.readModel(xml);
  try {
    const [input] = model.inputs;
    const [, ...rest] = input.getPartialShape();
    return await start(model.reshape({ [input.getAnyName()]: [batch, ...rest] }));
  } finally {
    model.dispose();
  }
}

/** Everything that a compiled model depends on; undefined where none is kept. */
async function keyOf(part: GraphPart): Promise<string | undefined> {
  const { openvino, xml, device, properties, batch, cached = true } = part;
  if (!cached) return undefined;
  if (device !== 'CPU' || maxCompiledBytes() === 0 || DECIDED.some((name) => name in properties)) return undefined;
  try {
    const files = await Promise.all([xml, weightsOf(xml)].map(fileIdentity));
    if (!files.every(({ changedMs }) => isSettled(changedMs))) return undefined; // no entry yet
    const { runtime, version } = openvino;
    const machine = [describeProcessor(), os.availableParallelism(), process.env.ONEDNN_MAX_CPU_ISA ?? ''];
    const model = [path.resolve(xml), ...files.map(({ identity }) => identity), batch ?? 'as it is'];
    const settings = Object.entries(properties).sort(([a], [b]) => (a < b ? -1 : 1));
    const all = JSON.stringify([FORMAT, runtime, version, machine, model, settings]);
    return createHash('sha256').update(all).digest('hex');
  } catch {
    return undefined; // a file is missing: OpenVINO says so
  }
}

export function weightsOf(xml: string): string {
  return xml.replace(/\.xml$/, '.bin');
}
