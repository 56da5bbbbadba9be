// The Python interpreter that NNCF runs in.
import { pipInstall, pythonPackages } from '../core/find-python';
import { NncfWorkerError } from './nncf-worker-error';

/** What NNCF needs to quantize a model of OpenVINO. */
const PYTHON_PACKAGES = ['openvino', 'nncf'];

/** The command that installs NNCF, for messages. */
export function installNncf(): string {
  return pipInstall(...PYTHON_PACKAGES);
}

/**
 * The Python interpreter that NNCF runs in: `BLIP_PYTHON`, else the first with NNCF of `VIRTUAL_ENV`, a `.venv` at or
 * above the working folder or this library, and the `python3` on the path.
 *
 * @throws {NncfWorkerError} when none has NNCF, with the command that installs it
 */
export function findNncfPython(): string {
  if (process.env.BLIP_PYTHON) return process.env.BLIP_PYTHON;
  const tried: string[] = [];
  for (const { python, folder } of pythonPackages('nncf', { tried })) {
    if (python !== undefined) return python;
    tried.push(`${folder} (without a Python)`);
  }
  throw new NncfWorkerError(
    `No Python with NNCF was found. Looked for it here:${tried.map((place) => `\n- ${place}`).join('')}\n` +
      `Run: ${installNncf()}. Where another Python has it, name its interpreter: BLIP_PYTHON.`,
  );
}
