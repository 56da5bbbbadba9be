// npm run fuzz -- [--seconds N] [--seed TEXT] [--only TARGET] [--from N]: tries odd input on everything that reads
// files from outside. Seconds are for each target; inputs are the same for the same seed. Failures are saved under
// output/fuzz.
import * as path from 'node:path';
import { parseArgs } from 'node:util';
import { TARGETS } from '../tests/fuzz/all-targets';
import { runTarget } from '../tests/fuzz/run-target';

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      seconds: { type: 'string', default: '60' },
      seed: { type: 'string', default: '1' },
      only: { type: 'string' },
      from: { type: 'string', default: '0' },
    },
  });
  const seconds = Number(values.seconds);
  const from = Number(values.from);
  if (!(seconds > 0) || !Number.isSafeInteger(from) || from < 0)
    throw new RangeError('--seconds takes a number above 0, --from a whole number from 0');
  const names = values.only === undefined ? [...TARGETS.keys()] : [values.only];
  for (const name of names)
    if (!TARGETS.has(name)) throw new RangeError(`--only ${name}: expected one of ${[...TARGETS.keys()].join(', ')}`);
  const folder = path.resolve('output', 'fuzz');
  let failed = 0;
  for (const name of names) {
    const { tried, outcomes, failures } = await runTarget(name, { seed: values.seed ?? '1', seconds, from, folder });
    const counts = [...outcomes].sort(([, a], [, b]) => b - a).map(([outcome, count]) => `${outcome} ${count}`);
    console.log(`${name}: ${tried} inputs: ${counts.join(', ') || 'none'}; failures ${failures.length}`);
    for (const file of failures) console.log(`  ${path.relative('.', file)} (see .txt beside it)`);
    failed += failures.length;
  }
  process.exitCode = failed > 0 ? 1 : 0;
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 2;
});
