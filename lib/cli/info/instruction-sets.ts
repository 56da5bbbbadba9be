// The processor's instruction sets that OpenVINO's speed and default precision depend on.
import { spawnSync } from 'node:child_process';
import * as fs from 'node:fs';

/** By their names in /proc/cpuinfo. */
const RELEVANT = [
  'sse4_2',
  'avx',
  'avx2',
  'fma',
  'f16c',
  'avx_vnni',
  'avx512f',
  'avx512_vnni',
  'avx512_bf16',
  'avx512_fp16',
  'amx_tile',
  'amx_int8',
  'amx_bf16',
  'amx_fp16',
  'asimd',
  'asimddp',
  'fphp',
  'bf16',
  'i8mm',
  'sve',
  'sve2',
];
const SYSCTL_MS = 2_000;

/** @returns undefined where the system does not tell (Windows) */
export function instructionSets(): string[] | undefined {
  if (process.platform === 'linux') return fromCpuinfo(readFile('/proc/cpuinfo'));
  if (process.platform === 'darwin') return fromSysctl();
  return undefined;
}

/** `flags` on x86, `Features` on ARM, of the first processor. */
export function fromCpuinfo(text: string): string[] | undefined {
  const line = /^(?:flags|Features)\s*:\s*(.*)$/m.exec(text)?.[1];
  if (line === undefined) return undefined;
  const flags = new Set(line.split(/\s+/));
  return RELEVANT.filter((name) => flags.has(name));
}

function fromSysctl(): string[] | undefined {
  const { stdout, status } = spawnSync('sysctl', ['hw.optional', 'machdep.cpu'], {
    encoding: 'utf8',
    timeout: SYSCTL_MS,
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  if (status === null || typeof stdout !== 'string') return undefined;
  const lower = stdout.toLowerCase().replaceAll('.', '_');
  return RELEVANT.filter(
    (name) =>
      new RegExp(`\\b(hw_optional_)?(arm_)?(feat_)?${name}: 1`).test(lower) ||
      new RegExp(`^machdep_cpu_.*features: .*\\b${name}\\b`, 'm').test(lower),
  );
}

function readFile(file: string): string {
  try {
    return fs.readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
