// Chooses a runtime: openvino-node where its binary is present, else OpenVINO's C API.
import { OpenVINONotFoundError } from './errors';
import { findRuntimes, type FoundRuntime } from './find-runtime';
import { loadOpenVINONode } from './openvino-node';
import type { OpenVINO, RuntimeName } from './types';

const loaded = new Map<string, OpenVINO>();

/** What puts each runtime in its place. npm leaves openvino-node's binary out where Node is older than the package asks for. */
const REMEDY: Readonly<Record<RuntimeName, string>> = {
  'c-api': 'Run: npm run setup',
  'openvino-node':
    'Run: npm install openvino-node (with Node 21 or newer), or take the C API instead: BLIP_OPENVINO_RUNTIME=c-api',
};

/**
 * Loads OpenVINO once per process.
 *
 * @param options.runtime forces one runtime; so does the environment variable `BLIP_OPENVINO_RUNTIME`
 * @throws {OpenVINONotFoundError} when it is not there or does not load, with the command that mends it
 * @example
 * const ov = loadOpenVINO();
 * new ov.Core().getAvailableDevices() // ['CPU']
 */
export function loadOpenVINO(options: { runtime?: RuntimeName } = {}): OpenVINO {
  const wanted = options.runtime ?? (process.env.BLIP_OPENVINO_RUNTIME || undefined);
  const found = findRuntimes();
  const chosen = wanted === undefined ? found[0] : found.find(({ runtime }) => runtime === wanted);
  if (!chosen) throw notFound(wanted, found);
  let openvino = loaded.get(chosen.path);
  if (!openvino) loaded.set(chosen.path, (openvino = load(chosen)));
  return openvino;
}

function load({ runtime, path }: FoundRuntime): OpenVINO {
  try {
    return runtime === 'c-api' ? cApi().loadCApi(path) : loadOpenVINONode(path);
  } catch (error) {
    if (error instanceof OpenVINONotFoundError) throw error;
    const reason = error instanceof Error ? error.message : String(error);
    throw new OpenVINONotFoundError(`${path}: OpenVINO is there but does not load: ${reason}. ${REMEDY[runtime]}`, {
      cause: error,
    });
  }
}

/** Loaded at the first use: it loads koffi, whose native part is a package of its own for each kind of machine. */
function cApi(): typeof import('./c-api') {
  try {
    require('koffi');
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new OpenVINONotFoundError(
      `node_modules/koffi, which calls OpenVINO's C library, does not load on ${process.platform} ${process.arch}: ${reason}. ` +
        'Its native part is missing, broken, or of another machine. Run: npm ci --include=optional',
      { cause: error },
    );
  }
  return require('./c-api');
}

function notFound(wanted: string | undefined, found: readonly FoundRuntime[]): OpenVINONotFoundError {
  const present = found.map(({ runtime }) => runtime).join(', ') || 'none';
  if (wanted !== undefined && !isRuntime(wanted))
    return new OpenVINONotFoundError(
      `OpenVINO runtime "${wanted}" does not exist. Expected BLIP_OPENVINO_RUNTIME to be ${Object.keys(REMEDY).join(' or ')} (present: ${present}).`,
    );
  return new OpenVINONotFoundError(
    `OpenVINO ${wanted === undefined ? '' : `runtime "${wanted}" `}not found (present: ${present}). ` +
      "Looked for openvino-node's binary in node_modules/openvino-node/bin and for the C library of the Python package openvino in .venv. " +
      REMEDY[wanted ?? 'c-api'],
  );
}

function isRuntime(name: string): name is RuntimeName {
  return Object.hasOwn(REMEDY, name);
}
