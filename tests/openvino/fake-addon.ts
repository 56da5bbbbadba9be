// Packages that stand in for openvino-node: one that works as far as set-up and loading look, and those that a failed
// download leaves.
import * as fs from 'node:fs';
import * as path from 'node:path';

/** What index.js does before it exports the addon, by the kind of fault. */
export const FAULTS = {
  none: '',
  'cut short':
    "process.kill(process.pid, 'SIGBUS'); Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5000);",
  'cut short, behind a shell': 'process.exit(135);',
  'wrong architecture': 'throw new Error("ov_node_addon.node: wrong ELF class: ELFCLASS32");',
  'newer GLIBC': 'throw new Error("libm.so.6: version `GLIBC_2.99\' not found (required by ov_node_addon.node)");',
  'no libopenvino':
    'throw new Error("libopenvino.so.2641: cannot open shared object file: No such file or directory");',
  'no CPU plugin': 'devices.pop();',
  'other results': 'factor = 3;',
  'dies at its end': "process.on('exit', () => process.kill(process.pid, 'SIGSEGV'));",
  'something else': 'exports.addon = {}; return;',
} as const;

export type Fault = keyof typeof FAULTS;

/**
 * Writes the package into `folder`. `LOADS` in the environment names a file that gets a line for each process that
 * loads it.
 */
export function writeFakeAddon(folder: string, fault: Fault = 'none'): void {
  fs.mkdirSync(path.join(folder, 'bin'), { recursive: true });
  fs.writeFileSync(path.join(folder, 'package.json'), JSON.stringify({ name: 'openvino-node', version: '2026.4.0' }));
  fs.writeFileSync(path.join(folder, 'bin', 'ov_node_addon.node'), 'binary');
  fs.writeFileSync(
    path.join(folder, 'index.js'),
    `if (process.env.LOADS) require('node:fs').appendFileSync(process.env.LOADS, process.pid + '\\n');
const devices = ['CPU'];
let factor = 2;
${FAULTS[fault]}
exports.addon = {
  Core: class {
    getAvailableDevices() { return devices; }
    getVersions() { return { CPU: { buildNumber: 'imitated', description: '' } }; }
    compileModelSync() {
      let input;
      const request = {
        setTensor(name, tensor) { input = tensor.data; },
        infer: () => ({ y: { getData: () => input.map((value) => factor * value) } }),
      };
      return { createInferRequest: () => request };
    }
  },
  Tensor: class { constructor(type, shape, data) { this.data = data; } },
};
`,
  );
}
