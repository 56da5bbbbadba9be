// Chooses a runtime: openvino-node where its binary is present, else OpenVINO's C API.
import { pipInstall } from '../core/find-python';
import { OpenVINONotFoundError } from './errors';
import { findRuntimes, searchRuntimes, type FoundRuntime } from './find-runtime';
import { loadOpenVINONode } from './openvino-node';
import type { OpenVINO, RuntimeName } from './types';

const loaded = new Map<string, OpenVINO>();

/** How to install each runtime. npm skips openvino-node where Node is older than the package requires. */
const REMEDIES: Readonly<Record<RuntimeName, () => string>> = {
  'c-api': () => `Run: ${pipInstall('openvino')}`,
  'openvino-node': () =>
    'Run: npm install openvino-node (with Node 21 or newer), or use the C API instead: BLIP_OPENVINO_RUNTIME=c-api',
};

/**
 * Loads OpenVINO once per process.
 *
 * @param options.runtime forces one runtime; so does the environment variable `BLIP_OPENVINO_RUNTIME`
 * @throws {OpenVINONotFoundError} when it is not there or does not load, with the command that fixes it
 * @example
 * const ov = loadOpenVINO();
 * new ov.Core().getAvailableDevices() // ['CPU']
 */
export function loadOpenVINO(options: { runtime?: RuntimeName } = {}): OpenVINO {
  const wanted = options.runtime ?? (process.env.BLIP_OPENVINO_RUNTIME || undefined);
  if (wanted !== undefined && !isRuntime(wanted)) throw unknownRuntime(wanted);
  const found: FoundRuntime[] = [];
  const tried: string[] = [];
  let chosen: FoundRuntime | undefined;
  for (const each of searchRuntimes(tried)) {
    found.push(each);
    if (wanted === undefined || each.runtime === wanted) {
      chosen = each;
      break;
    }
  }
  if (!chosen) throw notFound(wanted, found, tried);
  let openvino = loaded.get(chosen.path);
  if (!openvino) {
    openvino = load(chosen);
    loaded.set(chosen.path, openvino);
  }
  return openvino;
}

function load({ runtime, path }: FoundRuntime): OpenVINO {
  try {
    return runtime === 'c-api' ? cApi().loadCApi(path) : loadOpenVINONode(path);
  } catch (error) {
    if (error instanceof OpenVINONotFoundError) throw error;
    const reason = error instanceof Error ? error.message : String(error);
    throw new OpenVINONotFoundError(`${path}: OpenVINO is there but does not load: ${reason}. ${REMEDIES[runtime]()}`, {
      cause: error,
    });
  }
}

/** Loaded at the first use: it loads koffi, whose native part is a separate package for each platform. */
function cApi(): typeof import('./c-api') {
  try {
    require('koffi');
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new OpenVINONotFoundError(
      `The package koffi, which calls OpenVINO's C library, does not load on ${process.platform} ${process.arch}: ${reason}. ` +
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
      `${REMEDIES[wanted ?? 'c-api']()}. Where OpenVINO is elsewhere, name the folder of its C library: BLIP_OPENVINO_LIBS.`,
  );
}

function unknownRuntime(name: string): OpenVINONotFoundError {
  const present = findRuntimes().map(({ runtime }) => runtime);
  return new OpenVINONotFoundError(
    `OpenVINO runtime "${name}" does not exist. Expected BLIP_OPENVINO_RUNTIME to be ` +
      `${Object.keys(REMEDIES).join(' or ')} (present: ${present.join(', ') || 'none'}).`,
  );
}

function isRuntime(name: string): name is RuntimeName {
  return Object.hasOwn(REMEDIES, name);
}
