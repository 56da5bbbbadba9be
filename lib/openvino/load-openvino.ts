// Chooses a runtime: openvino-node where its binary is present and works, else OpenVINO's C API.
import * as path from 'node:path';
import { checkOptions } from '../core/check-options';
import { pipInstall } from '../core/find-python';
import { isRecord } from '../core/is-record';
import { describeArgument } from './describe-argument';
import { OpenVINOError, OpenVINONotFoundError } from './errors';
import { findRuntimes, searchRuntimes, type FoundRuntime } from './find-runtime';
import { memoryAdvice } from './memory-advice';
import { loadOpenVINONode } from './openvino-node';
import { proveAddon } from './prove-addon';
import type { OpenVINO, RuntimeName } from './types';

const loaded = new Map<string, OpenVINO>();
/** Runtimes that do not work and were told about. */
const told = new Set<string>();

/**
 * How to install each runtime where it is missing. npm skips openvino-node where Node is older than the package
 * requires.
 */
const REMEDIES: Readonly<Record<RuntimeName, () => string>> = {
  'c-api': () => `Run: ${pipInstall('openvino')}`,
  'openvino-node': () =>
    'Run: npm install --no-save openvino-node (with Node 21 or newer), then: node ' +
    'node_modules/openvino-node/scripts/download-runtime.js. Or use the C API instead: BLIP_OPENVINO_RUNTIME=c-api',
};

/**
 * Loads OpenVINO once per process: the first runtime that works. A runtime that is present and does not work is left
 * out, with a process warning (`BLIP_OPENVINO_RUNTIME`), unless it is the one that was asked for. openvino-node is
 * tried in a process of its own first, once for each state of its files: a damaged binary would end this one.
 *
 * @param options.runtime forces one runtime; so does the environment variable `BLIP_OPENVINO_RUNTIME`
 * @throws {OpenVINONotFoundError} when it is not there or does not load, with the command that fixes it
 * @example
 * const ov = loadOpenVINO();
 * new ov.Core().getAvailableDevices() // ['CPU']
 */
export function loadOpenVINO(options: { runtime?: RuntimeName } = {}): OpenVINO {
  const wanted = wantedRuntime(options);
  const found: FoundRuntime[] = [];
  const tried: string[] = [];
  const failures: { readonly at: FoundRuntime; readonly error: OpenVINONotFoundError }[] = [];
  for (const each of searchRuntimes(tried)) {
    found.push(each);
    if (wanted !== undefined && each.runtime !== wanted) continue;
    try {
      const openvino = loadOnce(each);
      for (const failure of failures) tell(failure.at, failure.error, openvino);
      return openvino;
    } catch (error) {
      if (!(error instanceof OpenVINONotFoundError)) throw error;
      failures.push({ at: each, error });
    }
  }
  const [first, ...others] = failures;
  if (!first) throw notFound(wanted, found, tried);
  if (others.length === 0) throw first.error;
  throw new OpenVINONotFoundError(failures.map(({ error }) => error.message).join('\n'), { cause: first.error });
}

function wantedRuntime(options: unknown): RuntimeName | undefined {
  checkOptions('loadOpenVINO', options, ['runtime']);
  const given: unknown = isRecord(options) ? options.runtime : undefined;
  const wanted = given ?? (process.env.BLIP_OPENVINO_RUNTIME || undefined);
  if (wanted === undefined || isRuntime(wanted)) return wanted;
  throw unknownRuntime(wanted);
}

/** Says once that a runtime is left out, and what is used instead. */
function tell({ path: place }: FoundRuntime, { message }: Error, instead: OpenVINO): void {
  if (told.has(place)) return;
  told.add(place);
  const name = instead.runtime === 'c-api' ? 'the C API of the Python package openvino' : instead.runtime;
  process.emitWarning(`${message} Until then OpenVINO runs through ${name}.`, { code: 'BLIP_OPENVINO_RUNTIME' });
}

function loadOnce(found: FoundRuntime): OpenVINO {
  let openvino = loaded.get(found.path);
  if (!openvino) {
    openvino = load(found);
    loaded.set(found.path, openvino);
  }
  return openvino;
}

function load({ runtime, path: place }: FoundRuntime): OpenVINO {
  const remedy = (): string => (runtime === 'c-api' ? REMEDIES[runtime]() : `Run: ${downloadCommand(place)}`);
  try {
    if (runtime === 'c-api') return cApi().loadCApi(place);
    const { works, reason } = proveAddon(place);
    if (!works) throw new OpenVINOError(reason ?? 'it does not work', 'require');
    return loadOpenVINONode(place);
  } catch (error) {
    if (error instanceof OpenVINONotFoundError) throw error;
    const message = error instanceof Error ? error.message : String(error);
    const advice = memoryAdvice(message) ?? remedy();
    throw new OpenVINONotFoundError(`${place}: OpenVINO is there but does not load: ${message}. ${advice}.`, {
      cause: error,
    });
  }
}

/** Fetches openvino-node's binary anew. npm would leave its install script out where scripts are not allowed. */
function downloadCommand(folder: string): string {
  return `node ${path.join(path.relative(process.cwd(), folder) || '.', 'scripts', 'download-runtime.js')}`;
}

/** Loaded at the first use: it loads koffi, whose native part is a separate package for each platform. */
function cApi(): typeof import('./c-api') {
  try {
    require('koffi');
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new OpenVINONotFoundError(
      `The package koffi, which calls OpenVINO's C library, does not load on ${process.platform} ` +
        `${process.arch}: ${reason}. ` +
        'Its native part is missing, broken, or of another machine. Run: npm install --include=optional',
      { cause: error },
    );
  }
  return require('./c-api');
}

function notFound(
  wanted: RuntimeName | undefined,
  found: readonly FoundRuntime[],
  tried: readonly string[],
): OpenVINONotFoundError {
  const present = found.map(({ runtime }) => runtime).join(', ') || 'none';
  return new OpenVINONotFoundError(
    `OpenVINO ${wanted === undefined ? '' : `runtime "${wanted}" `}not found (present: ${present}). ` +
      `Looked for it here:${tried.map((place) => `\n- ${place}`).join('')}\n` +
      `${REMEDIES[wanted ?? 'c-api']()}. Where OpenVINO is elsewhere, name the folder of its C library: ` +
      'BLIP_OPENVINO_LIBS.',
  );
}

function unknownRuntime(name: unknown): OpenVINONotFoundError {
  const present = findRuntimes().map(({ runtime }) => runtime);
  return new OpenVINONotFoundError(
    `OpenVINO runtime ${describeArgument(name)} does not exist. Expected BLIP_OPENVINO_RUNTIME to be ` +
      `${Object.keys(REMEDIES).join(' or ')} (present: ${present.join(', ') || 'none'}).`,
  );
}

function isRuntime(name: unknown): name is RuntimeName {
  return typeof name === 'string' && Object.hasOwn(REMEDIES, name);
}
