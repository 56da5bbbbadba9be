// Everything about this machine that a bug report needs. Nothing here throws: what cannot be found out is said.
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { cacheFolder } from '../../core/cache-folder';
import { packageVersion } from '../../core/find-package';
import { pythonPackages } from '../../core/find-python';
import { loadSharp } from '../../core/load-sharp';
import { listTrials, type KeptTrial } from '../../generation/precision/list-trials';
import { hubCacheFolder, hubEndpoint, readLoginToken } from '../../hub';
import { MANIFEST_FILE, readManifest } from '../../model-folder/manifest';
import { ownVersion } from '../../core/own-version';
import { instructionSets } from './instruction-sets';
import { measureFolder, type FolderSize } from './measure-folder';
import { maskEnvironment } from './mask-environment';
import { probeOpenVINO, type OpenVINOProbe } from './probe-openvino';

export interface PythonPackageInfo {
  readonly name: string;
  readonly version: string | undefined;
  readonly python: string | undefined;
  readonly folder: string | undefined;
  /** Where it was looked for in vain. */
  readonly tried: readonly string[];
}

/** What the manifest of a model folder says of how it was made. */
export interface ModelInfo {
  readonly folder: string;
  readonly made_by?: string;
  readonly checkpoint?: string;
  /** By package, such as `openvino` and `nncf`. */
  readonly versions: Readonly<Record<string, string>>;
  readonly files?: number;
  readonly bytes?: number;
  readonly problem?: string;
}

export interface CollectedInfo {
  readonly models?: readonly ModelInfo[];
  readonly versions: Readonly<Record<string, string>>;
  readonly machine: {
    readonly platform: string;
    readonly processor: string;
    readonly threads: number;
    readonly memory_bytes: number;
    /** What a container may use, where it is limited. */
    readonly memory_limit_bytes?: number;
    /** Those that matter to inference; undefined where the system does not tell. */
    readonly instruction_sets?: readonly string[];
  };
  readonly openvino: OpenVINOProbe;
  /** What large models are computed in on this machine, as far as it was tried. */
  readonly precision_trials: readonly KeptTrial[];
  readonly python: readonly PythonPackageInfo[];
  readonly caches: Readonly<Record<string, FolderSize | { readonly problem: string }>>;
  readonly hub: { readonly endpoint: string; readonly login: string };
  /** Of the variables that matter; secrets are masked. */
  readonly environment: Readonly<Record<string, string>>;
}

const PYTHON_PACKAGES = ['openvino', 'nncf'];
/** npm packages whose versions change results. */
const NPM_PACKAGES = ['sharp', '@huggingface/tokenizers', 'koffi', 'openvino-node'];

/** @param folders of models, whose manifests are shown */
export async function collectInfo(signal?: AbortSignal, folders: readonly string[] = []): Promise<CollectedInfo> {
  const openvino = await probeOpenVINO(signal);
  return {
    ...(folders.length > 0 && { models: folders.map(modelInfo) }),
    versions: versions(openvino),
    machine: machine(),
    openvino,
    precision_trials: await listTrials(),
    python: PYTHON_PACKAGES.map(pythonPackage),
    caches: await caches(signal),
    hub: { endpoint: attempt(hubEndpoint), login: attempt(login) },
    environment: maskEnvironment(process.env),
  };
}

function versions({ version, runtime }: OpenVINOProbe): Record<string, string> {
  const packages = NPM_PACKAGES.map((name) => [name, attempt(() => packageVersion(name) ?? 'not installed')]);
  return {
    'blip-openvino': attempt(() => ownVersion()),
    'Node.js': process.versions.node,
    OpenVINO: version === undefined ? 'not found' : `${version} (${runtime})`,
    libvips: attempt(() => loadSharp().versions.vips),
    ...Object.fromEntries(packages),
  };
}

function modelInfo(folder: string): ModelInfo {
  try {
    const manifest = readManifest(folder);
    if (manifest === undefined)
      return { folder, versions: {}, problem: `no ${MANIFEST_FILE} here: not a folder that convert or quantize wrote` };
    const { made_by, checkpoint, versions, files } = manifest;
    const sizes = Object.values(files).map(({ size }) => size);
    const commit = checkpoint.commit === undefined ? '' : ` at ${checkpoint.commit}`;
    return {
      folder,
      made_by,
      checkpoint: `${checkpoint.id}${commit}`,
      versions,
      files: sizes.length,
      bytes: sizes.reduce((sum, size) => sum + size, 0),
    };
  } catch (error) {
    return { folder, versions: {}, problem: message(error) };
  }
}

function machine(): CollectedInfo['machine'] {
  const cpus = os.cpus();
  const limit = process.constrainedMemory(); // 0 or undefined without a limit, on some systems a huge number
  const sets = instructionSets();
  return {
    platform: `${process.platform} ${process.arch}, ${os.type()} ${os.release()}`,
    processor: cpus[0]?.model.trim() || 'unknown',
    threads: os.availableParallelism(),
    memory_bytes: os.totalmem(),
    ...(limit > 0 && limit < os.totalmem() && { memory_limit_bytes: limit }),
    ...(sets && { instruction_sets: sets }),
  };
}

function pythonPackage(name: string): PythonPackageInfo {
  const tried: string[] = [];
  for (const { python, folder } of pythonPackages(name, { tried }))
    return { name, version: distributionVersion(name, folder), python, folder, tried };
  return { name, version: undefined, python: undefined, folder: undefined, tried };
}

/** Beside the package lies `name-1.2.3.dist-info`. */
function distributionVersion(name: string, folder: string): string | undefined {
  try {
    const names = fs.readdirSync(path.dirname(folder));
    const prefix = `${name}-`;
    const found = names.find((each) => each.toLowerCase().startsWith(prefix) && each.endsWith('.dist-info'));
    return found?.slice(prefix.length, -'.dist-info'.length);
  } catch {
    return undefined;
  }
}

async function caches(signal: AbortSignal | undefined): Promise<CollectedInfo['caches']> {
  const folders: Record<string, () => string> = {
    hub: hubCacheFolder,
    'converted models': () => path.join(cacheFolder(), 'models'),
    'compiled models': () => path.join(cacheFolder(), 'compiled'),
    datasets: () => path.join(cacheFolder(), 'datasets'),
  };
  const found: Record<string, FolderSize | { problem: string }> = {};
  for (const [name, locate] of Object.entries(folders)) {
    try {
      found[name] = await measureFolder(locate(), signal);
    } catch (error) {
      found[name] = { problem: message(error) };
    }
  }
  return found;
}

/** Where the login comes from, never the token itself. */
function login(): string {
  const token = readLoginToken();
  return token === undefined ? 'none' : `from ${token.source}`;
}

function attempt(read: () => string): string {
  try {
    return read();
  } catch (error) {
    return message(error);
  }
}

function message(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
