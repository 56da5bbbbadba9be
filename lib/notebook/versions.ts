// The versions of everything a notebook's numbers depend on: printed first, so that a reader can tell two runs apart.
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { loadOpenVINO } from '../openvino';
import { packageVersion } from '../core/find-package';
import { pythonPackages } from '../core/find-python';

/** One line of the table: what, which version, and what it does here. */
export interface VersionRow {
  readonly name: string;
  readonly version: string;
  readonly role: string;
}

/** Installed under `name`; `real` is what the registry calls it. */
const PACKAGES: readonly (readonly [name: string, role: string, real?: string])[] = [
  ['tslab', 'TypeScript kernel of this notebook'],
  ['@tslab/typescript-for-tslab', 'compiler of its cells'],
  ['@huggingface/tokenizers', 'tokenizer'],
  ['@xenova/transformers', 'tokenizer to compare with', '@huggingface/transformers'],
  ['sharp', 'image decoding'],
  ['jimp', 'figures'],
  ['plotly.js-dist', 'charts'],
];

/**
 * Versions of the runtime, the packages and the machine.
 *
 * @example
 * versions()[0] // { name: 'OpenVINO', version: '2026.4.1-…', role: 'inference, through its C API' }
 */
export function versions(): VersionRow[] {
  const openvino = loadOpenVINO();
  const through = openvino.runtime === 'c-api' ? 'its C API' : 'openvino-node';
  return [
    { name: 'OpenVINO', version: openvino.version, role: `inference, through ${through}` },
    { name: 'Node.js', version: process.versions.node, role: 'runs everything but NNCF' },
    { name: 'NNCF', version: nncfVersion() ?? 'not installed', role: 'quantization, in Python' },
    ...PACKAGES.map(([name, role, real]) => ({
      name: real ?? name,
      version: packageVersion(name) ?? 'not installed',
      role,
    })),
    {
      name: 'processor',
      version: os.cpus()[0]?.model.trim() ?? 'unknown',
      role: `${os.cpus().length} cores, ${Math.round(os.totalmem() / 2 ** 30)} GiB`,
    },
  ];
}

/** From the folder that pip writes beside the package, `nncf-3.2.0.dist-info`: nothing of Python is started for it. */
function nncfVersion(): string | undefined {
  for (const { folder } of pythonPackages('nncf'))
    for (const name of fs.readdirSync(path.dirname(folder))) {
      const [, version] = /^nncf-(.+)\.dist-info$/.exec(name) ?? [];
      if (version !== undefined) return version;
    }
  return undefined;
}
