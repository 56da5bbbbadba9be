// Options that several commands have in common, and what the library calls them.
import type { GenerationOptions, PretrainedOptions } from '../generation';
import type { Config } from '../openvino';
import { UsageError, type OptionSpecs } from './command';
import type { ParsedCommand } from './parse-command-line';
import type { Terminal } from './terminal';

/** Where a checkpoint comes from. */
export const SOURCE_OPTIONS = {
  revision: { type: 'string', value: 'name', help: 'branch, tag, commit or pull request (refs/pr/7) on the hub' },
  'cache-dir': { type: 'string', value: 'folder', help: "the hub's cache folder" },
  'local-files-only': { type: 'boolean', help: 'use only what is in the cache' },
} as const satisfies OptionSpecs;

/** How a model is loaded. */
export const MODEL_OPTIONS = {
  model: {
    type: 'string',
    short: 'm',
    value: 'model',
    help: 'hub id, checkpoint folder, file of weights, or folder of converted models; BLIP_MODEL by default',
  },
  ...SOURCE_OPTIONS,
  dtype: { type: 'string', choices: ['fp16', 'fp32', 'int8'], help: 'precision of the weights; fp16 by default' },
  device: { type: 'string', short: 'd', value: 'name', help: 'OpenVINO device; BLIP_DEVICE or CPU by default' },
  property: { type: 'string', multiple: true, value: 'NAME=value', help: 'a property of OpenVINO' },
} as const satisfies OptionSpecs;

export const GENERATION_OPTIONS = {
  'num-beams': { type: 'integer', min: 1, help: 'hypotheses of beam search; 1, the default, is greedy search' },
  'max-new-tokens': { type: 'integer', min: 1, help: 'tokens to add at most; 20 by default' },
  'max-length': { type: 'integer', min: 1, help: 'the same with the prompt' },
  'min-new-tokens': { type: 'integer', min: 0, help: 'tokens to add at least' },
  'min-length': { type: 'integer', min: 0, help: 'the same with the prompt' },
  'length-penalty': { type: 'number', help: 'beam search: above 0 favors long texts' },
  'repetition-penalty': { type: 'number', help: 'above 1, words that were used become less likely' },
  'early-stopping': {
    type: 'string',
    choices: ['true', 'false', 'never'],
    help: 'when beam search ends, as in transformers',
  },
  'no-repeat-ngram-size': { type: 'integer', min: 0, help: 'no sequence of so many tokens comes twice' },
  'num-return-sequences': { type: 'integer', min: 1, help: 'texts for each image or question, best first' },
  'do-sample': { type: 'boolean', help: 'draw tokens with their probabilities instead of the most likely ones' },
  temperature: { type: 'number', help: 'sampling: below 1, likely tokens become likelier' },
  'top-k': { type: 'integer', min: 0, help: 'sampling: from so many of the most likely tokens; 50 by default, 0 all' },
  'top-p': { type: 'number', help: 'sampling: from the most likely tokens that add up to this probability' },
  seed: { type: 'integer', min: 0, help: 'sampling: the same seed draws the same texts' },
} as const satisfies OptionSpecs;

export const SCORE_OPTIONS = {
  scores: { type: 'boolean', help: 'print the probability of each text behind it; --json always has it' },
} as const satisfies OptionSpecs;

/** The column of a score, if asked for: four digits. */
export function scoreColumn(parsed: ParsedCommand, score: number): string[] {
  return parsed.flag('scores') ? [String(Number(score.toPrecision(4)))] : [];
}

/** Options of `pipeline` and `fromPretrained`. */
export function pretrainedOptions(parsed: ParsedCommand, terminal: Terminal, label: string): PretrainedOptions {
  const dtype = parsed.string('dtype');
  return {
    ...sourceOptions(parsed),
    ...(isDtype(dtype) && { dtype }),
    device: parsed.string('device') ?? (process.env.BLIP_DEVICE || 'CPU'),
    properties: parseProperties(parsed.strings('property')),
    progress_callback: terminal.progress(label),
    signal: terminal.signal,
  };
}

/** Options of a download. */
export function sourceOptions(parsed: ParsedCommand): {
  revision?: string;
  cache_dir?: string;
  local_files_only?: boolean;
} {
  const [revision, cache_dir] = [parsed.string('revision'), parsed.string('cache-dir')];
  return {
    ...(revision !== undefined && { revision }),
    ...(cache_dir !== undefined && { cache_dir }),
    ...(parsed.flag('local-files-only') && { local_files_only: true }),
  };
}

export function generationOptions(parsed: ParsedCommand, { signal }: Terminal): GenerationOptions {
  const early_stopping = parsed.string('early-stopping');
  const numbers: Record<string, number> = {};
  for (const [name, { type }] of Object.entries(GENERATION_OPTIONS)) {
    const value = type === 'integer' || type === 'number' ? parsed.number(name) : undefined;
    if (value !== undefined) numbers[name.replaceAll('-', '_')] = value;
  }
  return {
    ...numbers,
    ...(parsed.flag('do-sample') && { do_sample: true }),
    ...(early_stopping !== undefined && {
      early_stopping: early_stopping === 'never' ? 'never' : early_stopping === 'true',
    }),
    signal,
  };
}

/** The model to use: the option, BLIP_MODEL, or the task's usual one. */
export function chooseModel(parsed: ParsedCommand, usual: string): string {
  return parsed.string('model') ?? (process.env.BLIP_MODEL || usual);
}

function parseProperties(given: readonly string[]): Config {
  return Object.fromEntries(
    given.map((text) => {
      const at = text.indexOf('=');
      if (at < 1)
        throw new UsageError(`--property is "${text}"; expected a name and a value: INFERENCE_PRECISION_HINT=f32.`);
      return [text.slice(0, at), text.slice(at + 1)];
    }),
  );
}

function isDtype(value: string | undefined): value is 'fp16' | 'fp32' | 'int8' {
  return value === 'fp16' || value === 'fp32' || value === 'int8';
}
