// Where OpenVINO is: openvino-node's addon as an npm package, or the C library in the Python package `openvino`.
import * as fs from 'node:fs';
import * as path from 'node:path';
import { findPackage } from '../core/find-package';
import { pythonPackages } from '../core/find-python';
import { OpenVINONotFoundError } from './errors';
import type { RuntimeName } from './types';

/** A runtime that is installed. */
export interface FoundRuntime {
  readonly runtime: RuntimeName;
  /** The package folder (openvino-node) or the library file (c-api). */
  readonly path: string;
}

/**
 * libopenvino_c.so.2641 on Linux, libopenvino_c.2641.dylib on macOS, openvino_c.dll on Windows: found by pattern, not
 * by version.
 */
const C_LIBRARY = /^(lib)?openvino_c(\.\d+)*\.(so|dylib|dll)(\.\d+)*$/;

/**
 * Every runtime that is present, the preferred one first: the addon of openvino-node, as this library or the working
 * folder's project finds the package; then the C library of the Python package `openvino` in `VIRTUAL_ENV`, in a
 * `.venv` at or above the working folder or this library, or of the `python3` on the path. `BLIP_OPENVINO_LIBS` names
 * the folder of another C library.
 *
 * @throws {OpenVINONotFoundError} when that folder holds none
 */
export function findRuntimes(): FoundRuntime[] {
  return [...searchRuntimes()];
}

/**
 * The same, one at a time: `python3` is asked only when the caller goes on to it.
 * @param tried gets a line for every place that has no runtime
 */
export function* searchRuntimes(tried: string[] = []): Generator<FoundRuntime> {
  const addon = findPackage('openvino-node');
  if (addon === undefined) tried.push(`npm package openvino-node (not installed for ${process.cwd()})`);
  else if (fs.existsSync(path.join(addon, 'bin', 'ov_node_addon.node')))
    yield { runtime: 'openvino-node', path: addon };
  else
    tried.push(
      `${path.join(addon, 'bin')} (without ov_node_addon.node: its install script did not run, or its download ` +
        `was put aside. Run: node ${path.join(addon, 'scripts', 'download-runtime.js')})`,
    );
  const library = findCLibrary(tried);
  if (library !== undefined) yield { runtime: 'c-api', path: library };
}

function findCLibrary(tried: string[]): string | undefined {
  const given = process.env.BLIP_OPENVINO_LIBS;
  if (given) {
    const library = newestLibrary(given);
    if (library !== undefined) return library;
    throw new OpenVINONotFoundError(
      `BLIP_OPENVINO_LIBS=${given}: no OpenVINO C library there (libopenvino_c.so, .dylib or openvino_c.dll). ` +
        'Name the folder that holds it, or unset the variable to search for the Python package openvino.',
    );
  }
  for (const { folder } of pythonPackages('openvino', { tried })) {
    const libs = path.join(folder, 'libs');
    const library = newestLibrary(libs);
    if (library !== undefined) return library;
    tried.push(`${libs} (without a C library of OpenVINO)`);
  }
  return undefined;
}

function newestLibrary(folder: string): string | undefined {
  if (!fs.existsSync(folder)) return undefined;
  const newest = fs
    .readdirSync(folder)
    .filter((name) => C_LIBRARY.test(name))
    .sort()
    .at(-1);
  return newest && path.join(folder, newest);
}
