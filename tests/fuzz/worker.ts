// worker.ts TARGET SEED FROM: tries one input after the other and tells its parent (run-target.ts) before and after
// each. A process of its own, so that a crash or an endless loop is seen and the parent goes on.
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { BlipError } from '../../lib/core/errors';
import { findTarget } from './all-targets';
import { Random } from './random';

/** Longer ones repeat what the input holds. */
const MAX_MESSAGE = 4000;
/**
 * One input may raise the process's largest size by this much; an image of 2^28 pixels is the largest that is decoded.
 */
const MAX_GROWTH_KB = 1.5 * 2 ** 20;

async function main(): Promise<void> {
  const [name, seed, from] = process.argv.slice(2);
  const target = findTarget(name);
  process.on('disconnect', () => process.exit());
  for (let index = Number(from); ; index++) {
    const input = target.make(new Random(seed, name, index));
    await tell({ index, status: 'begins' });
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'blip-fuzz-'));
    const before = process.resourceUsage().maxRSS;
    let outcome = 'accepted';
    let problem: string | undefined;
    try {
      fs.writeFileSync(path.join(folder, input.name), input.bytes);
      await target.run(input, folder);
    } catch (error) {
      if (error instanceof BlipError && error.message.length <= MAX_MESSAGE) outcome = error.name;
      else problem = error instanceof Error ? (error.stack ?? error.message).slice(0, MAX_MESSAGE) : String(error);
    } finally {
      fs.rmSync(folder, { recursive: true, force: true });
    }
    const growth = process.resourceUsage().maxRSS - before;
    if (growth > MAX_GROWTH_KB) problem ??= `takes ${Math.round(growth / 1024)} MB of memory`;
    await tell({ index, status: 'ended', outcome, problem });
  }
}

function tell(message: object): Promise<void> {
  return new Promise((resolve) => process.send?.(message, () => resolve()));
}

main().catch((error: unknown) => {
  console.error(error);
  process.exit(1);
});
