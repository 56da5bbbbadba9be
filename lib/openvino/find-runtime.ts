// Where OpenVINO is: openvino-node's addon in node_modules, or the C library in the `openvino` wheel of .venv.
import * as fs from 'node:fs';
import * as path from 'node:path';
import { projectRoot } from '../core/project-root';
import { OpenVINONotFoundError } from './errors';
import type { RuntimeName } from './types';

export interface FoundRuntime {
  readonly runtime: RuntimeName;
  /** The package folder (openvino-node) or the library file (c-api). */
  readonly path: string;
}

/** libopenvino_c.so.2641 on Linux, libopenvino_c.2641.dylib on macOS, openvino_c.dll on Windows: found by pattern, not by version. */
const C_LIBRARY = /^(lib)?openvino_c(\.\d+)*\.(so|dylib|dll)(\.\d+)*$/;

/**
 * Every runtime that is present, the preferred one first. `BLIP_OPENVINO_LIBS` names the folder of another C library.
 * @throws {OpenVINONotFoundError} when that folder holds none
 */
export function findRuntimes(): FoundRuntime[] {
  const found: FoundRuntime[] = [];
  const addon = path.join(projectRoot(), 'node_modules', 'openvino-node');
  if (fs.existsSync(path.join(addon, 'bin', 'ov_node_addon.node')))
    found.push({ runtime: 'openvino-node', path: addon });
  const library = findCLibrary();
  if (library) found.push({ runtime: 'c-api', path: library });
  return found;
}

function findCLibrary(): string | undefined {
  const given = process.env.BLIP_OPENVINO_LIBS;
  if (!given)
    return libraryFolders()
      .map(newestLibrary)
      .find((file) => file !== undefined);
  const library = newestLibrary(given);
  if (!library)
    throw new OpenVINONotFoundError(
      `BLIP_OPENVINO_LIBS=${given}: no OpenVINO C library there (libopenvino_c.so, .dylib or openvino_c.dll). Name the folder that holds it, or unset the variable to use .venv.`,
    );
  return library;
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

function libraryFolders(): string[] {
  const venv = path.join(projectRoot(), '.venv');
  const unix = path.join(venv, 'lib');
  const pythons = fs.existsSync(unix) ? fs.readdirSync(unix).filter((name) => name.startsWith('python')) : [];
  const sites = [
    ...pythons.map((name) => path.join(unix, name, 'site-packages')),
    path.join(venv, 'Lib', 'site-packages'),
  ];
  return sites.map((site) => path.join(site, 'openvino', 'libs'));
}
