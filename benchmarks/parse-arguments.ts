// What may be asked of `npm run bench`, and how much time each part gets.
import { parseArgs } from 'node:util';

/** What is measured beside our own models. */
export const SIDES = ['tutorial', 'transformers', 'benchmark_app', 'folder'] as const;
export type SideName = (typeof SIDES)[number];

export interface BenchArguments {
  /** Rounds of a stage at most. */
  readonly rounds: number;
  /** After so many seconds a stage does not begin another round; three are always measured. */
  readonly seconds_per_stage: number;
  readonly sides: ReadonlySet<SideName>;
  /** `blip-base`, `blip-scenes`, or both. */
  readonly models: readonly string[];
  /** Images of the folder. */
  readonly images: number;
  /** Seconds that a slower side may take for the folder: its rate is that of the images it did. */
  readonly seconds_per_folder: number;
  readonly conversions: number;
  /** An interpreter that has PyTorch already; its other packages are installed beside it. */
  readonly python?: string;
  /** Whether the tables go into the documentation. */
  readonly write_docs: boolean;
  /** A results file whose tables are written, without measuring. */
  readonly from?: string;
}

export class ArgumentsError extends Error {}

const MODELS = ['blip-base', 'blip-scenes'];
const USUAL = { rounds: 9, seconds_per_stage: 12, images: 200, seconds_per_folder: 40, conversions: 3 };
const QUICK = { rounds: 3, seconds_per_stage: 3, images: 24, seconds_per_folder: 8, conversions: 1 };

export const USAGE = `npm run bench -- [options]
  --quick             a look in between: few rounds, 24 images
  --rounds <n>        rounds of a stage at most (${USUAL.rounds})
  --stage-seconds <s> no further round of a stage after this (${USUAL.seconds_per_stage}); three are always measured
  --sides <names>     of ${SIDES.join(',')}; all by default, "none" for our own models only
  --model <names>     of ${MODELS.join(',')}; both by default
  --images <n>        JPEG files in the folder (${USUAL.images})
  --folder-seconds <s> seconds for a slower side's part of the folder (${USUAL.seconds_per_folder})
  --python <file>     an interpreter that has PyTorch; otherwise one is installed in .venv-bench
  --write-docs        writes the tables into benchmarks/README.md, README.md and docs/scale.md
  --from <file>       the tables of a results file, without measuring`;

/** @throws {ArgumentsError} that says what is taken */
export function parseArguments(args: readonly string[]): BenchArguments {
  const { values } = parse(args);
  const usual = values.quick ? QUICK : USUAL;
  const whole = (name: 'rounds' | 'stage-seconds' | 'images' | 'folder-seconds', most: number): number | undefined => {
    const text = values[name];
    if (text === undefined) return undefined;
    if (!/^\d{1,9}$/.test(text) || Number(text) < 1 || Number(text) > most)
      throw new ArgumentsError(`--${name} is "${text}"; expected a whole number from 1 to ${most}.\n${USAGE}`);
    return Number(text);
  };
  return {
    rounds: whole('rounds', 1000) ?? usual.rounds,
    seconds_per_stage: whole('stage-seconds', 3600) ?? usual.seconds_per_stage,
    images: whole('images', 100_000) ?? usual.images,
    seconds_per_folder: whole('folder-seconds', 36_000) ?? usual.seconds_per_folder,
    conversions: usual.conversions,
    sides: new Set(values.sides === 'none' ? [] : listed('sides', values.sides, SIDES)),
    models: listed('model', values.model, MODELS),
    ...(values.python !== undefined && { python: values.python }),
    write_docs: values['write-docs'] ?? false,
    ...(values.from !== undefined && { from: values.from }),
  };
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        quick: { type: 'boolean' },
        rounds: { type: 'string' },
        'stage-seconds': { type: 'string' },
        sides: { type: 'string' },
        model: { type: 'string' },
        images: { type: 'string' },
        'folder-seconds': { type: 'string' },
        python: { type: 'string' },
        'write-docs': { type: 'boolean' },
        from: { type: 'string' },
      },
    });
  } catch (error) {
    throw new ArgumentsError(`${error instanceof Error ? error.message : String(error)}\n${USAGE}`);
  }
}

function listed<Name extends string>(option: string, text: string | undefined, known: readonly Name[]): Name[] {
  if (text === undefined) return [...known];
  return text.split(',').map((name) => {
    const found = known.find((each) => each === name.trim());
    if (found === undefined)
      throw new ArgumentsError(`--${option} names "${name.trim()}"; expected some of ${known.join(', ')}.\n${USAGE}`);
    return found;
  });
}
