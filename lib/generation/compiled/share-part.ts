// Compiles a graph, or shares the one that another model of this process has of equal files
// (docs/decisions/030-compiled-graphs-shared.md).
import * as path from 'node:path';
import { fileIdentity, isSettled, readMemory, rememberedDigest } from '../../model-folder/digest-memory';
import { readManifest } from '../../model-folder/manifest';
import type { CompiledModel, OpenVINO } from '../../openvino';
import { compilePart, weightsOf, type GraphPart } from './compile-part';
import { SharedGraph, SharedModel } from './shared-model';

/** Who sets it divides the processor among models that work at the same time. */
const DIVIDES_THREADS = 'INFERENCE_NUM_THREADS';

/** A file as it was when its graph was compiled. */
interface GraphFile {
  readonly file: string;
  readonly identity: string;
  /** Its SHA-256 in the folder's manifest, which every load compares; without a manifest its identity. */
  readonly content: string;
}

/** A compiled graph that others may join. */
interface Entry {
  /** Everything that it depends on beside its files. */
  readonly settings: string;
  readonly files: readonly GraphFile[];
  /** Held weakly: a model that is forgotten without dispose() is collected as ever. */
  graph: Promise<SharedGraph> | WeakRef<SharedGraph>;
}

const entriesOf = new WeakMap<OpenVINO, Set<Entry>>();

/**
 * @returns a handle; the graph is freed with its last handle
 * @throws {OpenVINOError} when the graph cannot be compiled
 */
export async function sharePart(part: GraphPart): Promise<CompiledModel> {
  const files = DIVIDES_THREADS in part.properties ? undefined : await describeFiles(part.xml);
  if (files === undefined) return compilePart(part);
  const entries = entriesOf.get(part.openvino) ?? new Set();
  entriesOf.set(part.openvino, entries);
  const settings = describeSettings(part);
  const others = new Set<Entry>();
  for (;;) {
    const entry = [...entries].find(
      (each) => !others.has(each) && each.settings === settings && isSame(each.files, files, 'content'),
    );
    if (entry === undefined) break; // and nothing is awaited until this one is entered
    others.add(entry);
    const isEqual = isSame(entry.files, files, 'identity') || (await isAsDescribed(entry.files, true));
    const graph = isEqual ? await graphOf(entry) : undefined;
    if (graph?.join() !== true) continue;
    part.onCompiling?.();
    return handle(graph, part, files);
  }
  return compileFirst(part, entries, { settings, files });
}

async function compileFirst(
  part: GraphPart,
  entries: Set<Entry>,
  { settings, files }: Pick<Entry, 'settings' | 'files'>,
): Promise<CompiledModel> {
  const remove = (): boolean => entries.delete(entry);
  const compiling = compilePart(part).then((compiled) => new SharedGraph(compiled, remove));
  const entry: Entry = { settings, files, graph: compiling };
  for (const each of entries) if (each.graph instanceof WeakRef && !each.graph.deref()) entries.delete(each);
  entries.add(entry);
  try {
    const graph = await compiling;
    entry.graph = new WeakRef(graph);
    graph.join();
    return handle(graph, part, files);
  } catch (error) {
    remove();
    throw error;
  }
}

function handle(graph: SharedGraph, part: GraphPart, files: readonly GraphFile[]): SharedModel {
  return new SharedModel(graph, async () => {
    if (!(await isAsDescribed(files))) return undefined;
    const own = await compilePart({ ...part, onCompiling: undefined });
    if (await isAsDescribed(files)) return own;
    own.dispose();
    return undefined;
  });
}

/** Undefined where it was freed, or could not be compiled. */
async function graphOf({ graph }: Entry): Promise<SharedGraph | undefined> {
  return graph instanceof WeakRef ? graph.deref() : graph.catch(() => undefined);
}

function isSame(a: readonly GraphFile[], b: readonly GraphFile[], field: 'content' | 'identity'): boolean {
  return a.every((file, i) => file[field] === b[i][field]);
}

/** Whether the files are still those that were described. @param read also whether their content is what was said */
async function isAsDescribed(files: readonly GraphFile[], read = false): Promise<boolean> {
  try {
    const memory = read ? await readMemory() : new Map<string, string>();
    for (const { file, identity, content } of files) {
      if (read && (await rememberedDigest(file, memory)) !== content) return false;
      if ((await fileIdentity(file)).identity !== identity) return false;
    }
    return true;
  } catch {
    return false; // removed since
  }
}

/** Undefined where a file is missing, or cannot be told from what it will be: it changed just now. */
async function describeFiles(xml: string): Promise<readonly GraphFile[] | undefined> {
  try {
    const listed = readManifest(path.dirname(xml))?.files;
    const files: GraphFile[] = [];
    for (const file of [xml, weightsOf(xml)].map((name) => path.resolve(name))) {
      const { identity, changedMs } = await fileIdentity(file);
      const content = listed?.[path.basename(file)]?.sha256 ?? (isSettled(changedMs) ? identity : undefined);
      if (content === undefined) return undefined;
      files.push({ file, identity, content });
    }
    return files;
  } catch {
    return undefined;
  }
}

function describeSettings({ device, properties, batch, cached }: GraphPart): string {
  const sorted = Object.entries(properties).sort(([a], [b]) => (a < b ? -1 : 1));
  return JSON.stringify([device, batch ?? 'as it is', cached ?? true, sorted]);
}
