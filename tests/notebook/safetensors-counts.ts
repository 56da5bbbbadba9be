// Parameters of a safetensors file by the first word of their names, read from its header without the library.
import * as fs from 'node:fs';
import { isRecord } from '../../lib/core/is-record';

export function readSafetensorsCounts(file: string): Readonly<Record<string, number>> {
  const bytes = fs.readFileSync(file);
  const header: unknown = JSON.parse(bytes.toString('utf8', 8, 8 + Number(bytes.readBigUInt64LE(0))));
  if (!isRecord(header)) throw new Error(`${file}: no header`);
  const counts: Record<string, number> = {};
  for (const [name, entry] of Object.entries(header)) {
    if (!isRecord(entry) || !Array.isArray(entry.shape)) continue;
    const [part] = name.split('.');
    counts[part] = (counts[part] ?? 0) + entry.shape.reduce((product: number, dim) => product * Number(dim), 1);
  }
  return counts;
}
