// What a token costs outside OpenVINO, in a process whose memory settings let allocations be counted.
import * as path from 'node:path';
import type { Overhead } from './measure-overhead';
import { runJSON } from './run-json';
import { step } from './show-progress';

/** The usual young generation is too small to count allocations without a collection in between. */
const YOUNG_GENERATION_MB = 256;

export function measureOverhead(folder: string): Promise<Overhead> {
  step('time outside OpenVINO');
  const args = [
    `--max-semi-space-size=${YOUNG_GENERATION_MB}`,
    '--import',
    'tsx',
    path.join(__dirname, 'measure-overhead.ts'),
    folder,
    'data/pictures/demo.jpg',
  ];
  return runJSON(process.execPath, args, {
    names: ['per_token', 'inside', 'outside', 'outside_p90', 'allocated_bytes_per_token', 'empty_call'],
  });
}
