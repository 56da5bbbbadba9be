// The processor, told apart from others that have the same name: virtual machines call several generations "AMD EPYC".
import { createHash } from 'node:crypto';
import * as fs from 'node:fs';
import * as os from 'node:os';

/** Where the system lists what its processors can do. Other systems have names that suffice. */
const CPUINFO = '/proc/cpuinfo';
/** The first processor's part; machines with hundreds of them list a megabyte. */
const MAX_BYTES = 2 ** 14;
const DIGITS = 12;

let description: string | undefined;

/**
 * @example
 * describeProcessor() // 'AMD EPYC 3f0c9a51d2e7'
 */
export function describeProcessor(): string {
  description ??= `${os.cpus()[0]?.model ?? 'unknown processor'} ${digestOfFlags()}`.trim();
  return description;
}

function digestOfFlags(): string {
  if (process.platform !== 'linux') return '';
  try {
    const file = fs.openSync(CPUINFO, 'r');
    try {
      const bytes = Buffer.alloc(MAX_BYTES);
      const text = bytes.toString('latin1', 0, fs.readSync(file, bytes, 0, MAX_BYTES, 0));
      const [flags = ''] = /^(?:flags|Features)\s*:.*$/m.exec(text) ?? [];
      return createHash('sha256').update(flags).digest('hex').slice(0, DIGITS);
    } finally {
      fs.closeSync(file);
    }
  } catch {
    return ''; // a system that hides it
  }
}
