// What the processor has for matrix products, by oneDNN's names: tables of different processors stand side by side.

const FEATURES: readonly (readonly [flag: string, name: string])[] = [
  ['amx_tile', 'avx512_core_amx'],
  ['avx512_bf16', 'avx512_core_bf16'],
  ['avx512_vnni', 'avx512_core_vnni'],
  ['avx512f', 'avx512_core'],
  ['avx2', 'avx2'],
  ['asimd', 'neon'],
];

/** @param cpuinfo the text of /proc/cpuinfo, empty on other systems */
export function instructionSet(cpuinfo: string): string {
  const flags = new Set(/^(?:flags|Features)\s*:(.*)$/m.exec(cpuinfo)?.[1].trim().split(/\s+/));
  return FEATURES.find(([flag]) => flags.has(flag))?.[1] ?? process.arch;
}
