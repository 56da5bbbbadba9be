// Compares the safetensors reader with the reference on many made files:
//   node --import tsx tests/fuzz/compare-safetensors.ts PYTHON [CASES] [SEED] [--record]
// PYTHON has safetensors 0.8. Prints each file on which both disagree without a known reason. With --record it writes
// tests/fixtures/checkpoint/safetensors-verdicts.json: of the files, some of each kind of verdict.
import { spawn } from 'node:child_process';
import * as fs from 'node:fs';
import * as path from 'node:path';
import * as readline from 'node:readline';
import { SafetensorsError } from '../../lib/checkpoint';
import { readSafetensorsHeader } from '../../lib/checkpoint/safetensors-header';
import { isRecord } from '../../lib/core/is-record';
import { Random } from './random';
import { makeSafetensors } from './safetensors-files';

const BATCH = 500;
/** Files of one kind of verdict in the fixture, and bytes of each. */
const RECORDED_PER_KIND = 4;
const MAX_RECORDED_BYTES = 1500;
const FIXTURE = path.join(__dirname, '..', 'fixtures', 'checkpoint', 'safetensors-verdicts.json');

/** What both sides say of a file, as text to compare; or the error. */
export interface Verdict {
  readonly content?: string;
  readonly error?: string;
}

/** Opens a file in memory. */
export function ourVerdict(file: Buffer): Verdict {
  const read = <T extends Uint8Array>(position: number, target: T): T => {
    target.set(file.subarray(position, position + target.byteLength));
    return target;
  };
  try {
    const { metadata, entries } = readSafetensorsHeader({
      path: 'file',
      size: file.length,
      read,
      close: () => undefined,
    });
    const tensors = entries.map(({ name, dtype, shape }) => [name, dtype, shape.map(String)]);
    return { content: canonical(tensors, metadata) };
  } catch (error) {
    if (!(error instanceof SafetensorsError)) throw error;
    return { error: error.message };
  }
}

function canonical(tensors: readonly unknown[], metadata: object): string {
  return JSON.stringify([
    tensors.map((tensor) => JSON.stringify(tensor)).sort(),
    Object.entries(metadata).map(String).sort(),
  ]);
}

/** Why this reader refuses what the reference accepts (docs/reliability.md). */
export function isKnownDifference(ours: Verdict): boolean {
  return /expected at most 9007199254740991/.test(ours.error ?? '');
}

interface Reference {
  ask(files: readonly Buffer[]): Promise<Verdict[]>;
  close(): void;
}

function startReference(python: string): Reference {
  const child = spawn(python, [path.join(__dirname, 'safetensors_reference.py')], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const lines = readline.createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return {
    async ask(files) {
      for (const file of files) {
        const length = Buffer.alloc(4);
        length.writeUInt32LE(file.length);
        child.stdin.write(length);
        child.stdin.write(file);
      }
      const verdicts: Verdict[] = [];
      for (let i = 0; i < files.length; i++) {
        const { value, done } = await lines.next();
        if (done) throw new Error('the reference ended');
        const answer: unknown = JSON.parse(value);
        if (!isRecord(answer)) throw new Error(`the reference answered ${value}`);
        const { error, tensors, metadata } = answer;
        if (typeof error === 'string') verdicts.push({ error });
        else if (Array.isArray(tensors) && isRecord(metadata)) verdicts.push({ content: canonical(tensors, metadata) });
        else throw new Error(`the reference answered ${value}`);
      }
      return verdicts;
    },
    close: () => child.stdin.end(),
  };
}

/** Verdicts of one kind differ in names, numbers and places only. */
function kindOf({ error, content = '' }: Verdict): string {
  if (error === undefined) return `accepted ${content.replace(/[^[\]{}]/g, '').slice(0, 30)}`;
  return error.replace(/ at line.*|expected one of.*|-?\d[\d.e+]*|"[^"]*"|`[^`]*`|^.*?: .*?: /g, '').slice(0, 60);
}

async function main(): Promise<void> {
  const [python, cases = '100000', seed = '1', record] = process.argv.slice(2);
  if (!python) throw new Error('usage: compare-safetensors.ts PYTHON [CASES] [SEED] [--record]');
  const reference = startReference(python);
  const counts = { accepted: 0, refused: 0, 'known difference': 0, disagreement: 0 };
  const recorded: { file: string; error: string | null; content: string | null }[] = [];
  const kinds = new Map<string, number>();
  for (let from = 0; from < Number(cases); from += BATCH) {
    const files = Array.from({ length: Math.min(BATCH, Number(cases) - from) }, (_, i) =>
      makeSafetensors(new Random(seed, 'safetensors', from + i)),
    );
    const theirs = await reference.ask(files);
    files.forEach((file, i) => {
      const ours = ourVerdict(file);
      const same = ours.content === theirs[i].content && (ours.error === undefined) === (theirs[i].error === undefined);
      const outcome = same
        ? ours.error === undefined
          ? 'accepted'
          : 'refused'
        : isKnownDifference(ours)
          ? 'known difference'
          : 'disagreement';
      counts[outcome]++;
      if (outcome === 'disagreement')
        console.log(`${from + i}: ${JSON.stringify({ file: file.toString('latin1'), ours, theirs: theirs[i] })}`);
      const kind = kindOf(theirs[i]);
      const count = kinds.get(kind) ?? 0;
      if (count >= RECORDED_PER_KIND || file.length > MAX_RECORDED_BYTES) return;
      kinds.set(kind, count + 1);
      const { error = null, content = null } = theirs[i];
      recorded.push({ file: file.toString('base64'), error, content });
    });
  }
  reference.close();
  console.log(JSON.stringify({ cases: Number(cases), seed, ...counts, kinds: kinds.size, recorded: recorded.length }));
  if (record === '--record')
    fs.writeFileSync(FIXTURE, `[\n${recorded.map((each) => JSON.stringify(each)).join(',\n')}\n]\n`);
  process.exitCode = counts.disagreement > 0 ? 1 : 0;
}

if (require.main === module)
  main().catch((error: unknown) => {
    console.error(error);
    process.exitCode = 1;
  });
