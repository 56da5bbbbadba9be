// A target that fails on purpose in every way there is, by the number in its name: what the fuzzer must notice.
import { BlipError } from '../../lib/core/errors';
import type { FuzzTarget } from './target';

const WAYS = ['accept', 'refuse', 'another error', 'a long message', 'end', 'crash', 'hang'] as const;

export const selfCheckTarget: FuzzTarget = {
  name: 'self-check',
  make(random) {
    const way = random.below(WAYS.length);
    return { name: `${WAYS[way].replaceAll(' ', '-')}.bin`, bytes: Buffer.from([way]) };
  },
  async run({ bytes }) {
    switch (WAYS[bytes[0]]) {
      case 'accept':
        return;
      case 'refuse':
        throw new BlipError('refused');
      case 'another error':
        throw new RangeError('Maximum call stack size exceeded');
      case 'a long message':
        throw new BlipError('x'.repeat(1_000_000));
      case 'end':
        process.exit(0);
        break;
      case 'crash':
        process.kill(process.pid, 'SIGSEGV');
        await new Promise((resolve) => setTimeout(resolve, 60_000)); // until the signal arrives
        break;
      default:
        for (;;); // not even a signal but SIGKILL ends it
    }
  },
};
