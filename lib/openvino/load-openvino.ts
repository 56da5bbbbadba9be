// Chooses a runtime: openvino-node where its binary is present, else OpenVINO's C API.
import { loadCApi } from './c-api';
import { OpenVINONotFoundError } from './errors';
import { findRuntimes } from './find-runtime';
import { loadOpenVINONode } from './openvino-node';
import type { OpenVINO, RuntimeName } from './types';

const loaded = new Map<RuntimeName, OpenVINO>();

/**
 * Loads OpenVINO once per process.
 *
 * @param options.runtime forces one runtime; so does the environment variable `BLIP_OPENVINO_RUNTIME`
 * @throws {OpenVINONotFoundError} when it is not there, with the command that mends it
 * @example
 * const ov = loadOpenVINO();
 * new ov.Core().getAvailableDevices() // ['CPU']
 */
export function loadOpenVINO(options: { runtime?: RuntimeName } = {}): OpenVINO {
  const wanted = options.runtime ?? process.env.BLIP_OPENVINO_RUNTIME;
  const found = findRuntimes();
  const chosen = wanted === undefined ? found[0] : found.find(({ runtime }) => runtime === wanted);
  if (!chosen) {
    const present = found.map(({ runtime }) => runtime).join(', ') || 'none';
    throw new OpenVINONotFoundError(
      `OpenVINO runtime ${wanted ? `"${wanted}"` : ''} not found (present: ${present}). Looked for openvino-node's binary in node_modules/openvino-node/bin ` +
      'and for the C library of the Python package openvino in .venv. Run: npm run setup',
    );
  }
  let openvino = loaded.get(chosen.runtime);
  if (!openvino) {
    openvino = chosen.runtime === 'c-api' ? loadCApi(chosen.path) : loadOpenVINONode(chosen.path);
    loaded.set(chosen.runtime, openvino);
  }
  return openvino;
}
