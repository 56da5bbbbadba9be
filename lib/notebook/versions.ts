// The versions of everything a notebook's numbers depend on: printed first, so that a reader can tell two runs apart.
import * as os from 'node:os';
import { loadOpenVINO } from '../openvino';
import { packageVersion } from '../core/find-package';

/** One line of the table: what, which version, and what it does here. */
export interface VersionRow {
  readonly name: string;
  readonly version: string;
  readonly role: string;
}

const PACKAGES: readonly (readonly [name: string, role: string])[] = [
  ['tslab', 'TypeScript kernel of this notebook'],
  ['@huggingface/tokenizers', 'tokenizer'],
  ['@xenova/transformers', 'tokenizer to compare with'],
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
    ...PACKAGES.map(([name, role]) => ({ name, version: packageVersion(name) ?? 'not installed', role })),
    {
      name: 'processor',
      version: os.cpus()[0]?.model.trim() ?? 'unknown',
      role: `${os.cpus().length} cores, ${Math.round(os.totalmem() / 2 ** 30)} GiB`,
    },
  ];
}
