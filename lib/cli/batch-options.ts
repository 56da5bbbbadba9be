// Options of commands that write their results for many images into files.
import type { BatchOptions, ColumnOptions } from '../batch';
import { UsageError, type OptionSpecs } from './command';
import type { ParsedCommand } from './parse-command-line';
import { generationOptions, pretrainedOptions } from './shared-options';
import type { Terminal } from './terminal';

export const BATCH_OPTIONS = {
  output: {
    type: 'string',
    short: 'o',
    value: 'file',
    help: 'a table with a row for each image: .jsonl, .csv or .parquet; - prints results as they come',
  },
  shard: { type: 'string', value: 'index/count', help: 'only this part of the images: 0/16 to 15/16' },
  'batch-size': {
    type: 'integer',
    min: 1,
    max: 256,
    help: 'images in a run of the vision model; tried out by default',
  },
  streams: {
    type: 'integer',
    min: 1,
    max: 64,
    help: 'runs of the vision model at the same time; tried out by default',
  },
  'memory-limit': {
    type: 'integer',
    min: 16,
    value: 'MiB',
    help: 'memory for images; a quarter of what is free, at most 1024',
  },
} as const satisfies OptionSpecs;

export const CAPTION_FILE_OPTIONS = {
  'caption-extension': {
    type: 'string',
    value: '.ext',
    help: 'what caption files of a folder end with; .txt by default',
  },
  prefix: { type: 'string', value: 'text', help: 'put before each caption in its file' },
  suffix: { type: 'string', value: 'text', help: 'put behind each caption in its file' },
  append: { type: 'boolean', help: 'add to caption files that are there, behind a comma' },
  overwrite: { type: 'boolean', help: 'replace caption files that are there' },
} as const satisfies OptionSpecs;

/** What the help says of folders. */
export const BATCH_HELP =
  'With --output what is done goes into a file, and running the same command again does what is missing. There, - ' +
  'is a list of paths or addresses on standard input.';

/** Whether results go into files; `isFolders` where they do so for folders without --output. */
export function isBatch(parsed: ParsedCommand, isFolders: boolean): boolean {
  const output = parsed.string('output');
  const given = Object.keys({ ...BATCH_OPTIONS, ...CAPTION_FILE_OPTIONS }).filter(
    (name) => name !== 'output' && (parsed.flag(name) || parsed.string(name) !== undefined),
  );
  const besideImages = given.find((name) => name in CAPTION_FILE_OPTIONS);
  if (output !== undefined && besideImages !== undefined)
    throw new UsageError(`--${besideImages} is for caption files beside the images: leave out --output.`);
  if (parsed.flag('append') && parsed.flag('overwrite'))
    throw new UsageError('--append and --overwrite contradict each other: choose one.');
  if (output !== undefined ? output !== '-' : isFolders) {
    const isSeveral = (parsed.number('num-return-sequences') ?? 1) > 1;
    const printed = parsed.flag('do-sample') ? 'do-sample' : isSeveral ? 'num-return-sequences' : undefined;
    if (printed === undefined) return true;
    throw new UsageError(`--${printed} is for results that are printed: give --output - (instead of a file).`);
  }
  if (given.length > 0)
    throw new UsageError(
      given[0] in CAPTION_FILE_OPTIONS
        ? `--${given[0]} is for caption files beside the images: name folders, and nothing else.`
        : `--${given[0]} is for results that go into files. Add --output captions.jsonl, or name folders only.`,
    );
  return false;
}

/** Options of captionFolder and askFolder. */
export async function batchOptions(
  parsed: ParsedCommand,
  terminal: Terminal,
  { model, label }: { readonly model: string; readonly label: string },
): Promise<BatchOptions & ColumnOptions> {
  const { parseShard, BatchError } = await import('../batch');
  const { signal, ...generation } = generationOptions(parsed, terminal);
  const [output, shard] = [parsed.string('output'), parsed.string('shard')];
  const [image_column, question_column] = [parsed.string('image-column'), parsed.string('question-column')];
  const [batch_size, streams, memory] = ['batch-size', 'streams', 'memory-limit'].map((name) => parsed.number(name));
  const toShard = (text: string): BatchOptions['shard'] => {
    try {
      return parseShard(text);
    } catch (error) {
      throw error instanceof BatchError ? new UsageError(`--shard: ${error.message}`) : error;
    }
  };
  if (output !== undefined && !/\.(jsonl|csv|parquet)$/i.test(output))
    throw new UsageError(`--output is "${output}"; expected a name that ends with .jsonl, .csv or .parquet, or -.`);
  return {
    ...pretrainedOptions(parsed, terminal, label),
    model,
    generation,
    signal,
    ...(output !== undefined && { output }),
    ...(shard !== undefined && { shard: toShard(shard) }),
    ...(image_column !== undefined && { image_column }),
    ...(question_column !== undefined && { question_column }),
    ...(batch_size !== undefined && { batch_size }),
    ...(streams !== undefined && { streams }),
    ...(memory !== undefined && { memory_limit: memory * 2 ** 20 }),
    on_failure: ({ name, reason }) => terminal.note(`blip-openvino: skipped ${name}: ${reason}`),
  };
}
