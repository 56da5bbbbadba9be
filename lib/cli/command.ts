// What a command consists of, as data: parsing, help and the documentation read it.
import { BlipError } from '../core/errors';
import type { ParsedCommand } from './parse-command-line';
import type { Terminal } from './terminal';

/** The command line itself is wrong: exit status 2. */
export class UsageError extends BlipError {}

/** An option with its name on the command line, `num-beams`; `num_beams`, the library's name, is taken too. */
export interface OptionSpec {
  readonly type: 'string' | 'integer' | 'number' | 'boolean';
  readonly short?: string;
  /** May be given several times. */
  readonly multiple?: boolean;
  /** What stands for the value in the help. */
  readonly value?: string;
  readonly choices?: readonly string[];
  /** Smallest number that is taken. */
  readonly min?: number;
  /** Largest number that is taken. */
  readonly max?: number;
  readonly help: string;
}

export type OptionSpecs = Readonly<Record<string, OptionSpec>>;

export interface Example {
  readonly command: string;
  /** What it prints. */
  readonly output: string;
}

export interface Command {
  readonly name: string;
  readonly summary: string;
  /** What follows the command's name in the usage line. */
  readonly usage: string;
  readonly description?: string;
  readonly options: OptionSpecs;
  /** How many arguments beside options are taken. */
  readonly positionals: { readonly min: number; readonly max: number; readonly what: string };
  readonly examples: readonly Example[];
  /** @returns the exit status */
  run(parsed: ParsedCommand, terminal: Terminal): Promise<number>;
}

export const EXIT_OK = 0;
export const EXIT_FAILURE = 1;
export const EXIT_USAGE = 2;
/** 128 + the number of SIGINT, as shells report it. */
export const EXIT_INTERRUPTED = 130;
