// The arguments of a command, checked against what it takes. node:util's parseArgs splits them; messages and types are
// ours.
import { parseArgs } from 'node:util';
import { closestName } from '../core/edit-distance';
import { quote } from '../core/quote';
import { UsageError, type Command, type OptionSpec, type OptionSpecs } from './command';

type Value = string | number | boolean;

export class ParsedCommand {
  constructor(
    readonly positionals: readonly string[],
    private readonly values: ReadonlyMap<string, readonly Value[]>,
  ) {}

  flag(name: string): boolean {
    return this.values.has(name);
  }

  /** The last value where it was given several times. */
  string(name: string): string | undefined {
    return this.strings(name).at(-1);
  }

  strings(name: string): string[] {
    return (this.values.get(name) ?? []).filter((value): value is string => typeof value === 'string');
  }

  number(name: string): number | undefined {
    return (this.values.get(name) ?? []).filter((value): value is number => typeof value === 'number').at(-1);
  }
}

/** Options of every command. */
export const COMMON_OPTIONS: OptionSpecs = {
  json: { type: 'boolean', help: 'print JSON' },
  quiet: { type: 'boolean', short: 'q', help: 'no progress, only results and errors' },
  help: { type: 'boolean', short: 'h', help: 'show this help' },
};

/**
 * @param argv what stands behind the command's name
 * @throws {UsageError} for an unknown option, a value that does not fit, too few or too many arguments
 */
export function parseCommandLine(command: Command, argv: readonly string[]): ParsedCommand {
  const specs: OptionSpecs = { ...command.options, ...COMMON_OPTIONS };
  const { tokens } = parseArgs({
    args: withDashes(argv),
    options: Object.fromEntries(
      Object.entries(specs).map(([name, { type, short }]) => [
        name,
        {
          type: type === 'boolean' ? ('boolean' as const) : ('string' as const),
          ...(short !== undefined && { short }),
        },
      ]),
    ),
    strict: false,
    allowPositionals: true,
    tokens: true,
  });
  const values = new Map<string, Value[]>();
  const positionals: string[] = [];
  for (const token of tokens) {
    if (token.kind === 'positional') positionals.push(token.value);
    if (token.kind !== 'option') continue;
    const { name, rawName, value, inlineValue } = token;
    const spec = Object.hasOwn(specs, name) ? specs[name] : undefined;
    if (!spec) throw unknownOption(rawName, command.name, specs);
    const given = values.get(name) ?? [];
    if (given.length > 0 && !spec.multiple && spec.type !== 'boolean')
      throw new UsageError(`${rawName} is given twice; expected it once.`);
    values.set(name, [...given, parseValue(rawName, spec, value, inlineValue ?? false)]);
  }
  if (!values.has('help')) checkPositionals(command, positionals);
  return new ParsedCommand(positionals, values);
}

/** `--num_beams` is `--num-beams`. What stands behind `--` is no option. */
function withDashes(argv: readonly string[]): string[] {
  const end = argv.indexOf('--');
  return argv.map((arg, i) =>
    end >= 0 && i >= end ? arg : arg.replace(/^--[a-z_]+(?==|$)/, (name) => name.replaceAll('_', '-')),
  );
}

function unknownOption(rawName: string, command: string, specs: OptionSpecs): UsageError {
  const near = rawName.startsWith('--') ? closestName(rawName.slice(2), Object.keys(specs)) : undefined;
  return new UsageError(
    `Unknown option ${quote(rawName)}. ` +
      (near === undefined ? `Options: blip-openvino ${command} --help` : `Did you mean --${near}?`),
  );
}

function parseValue(rawName: string, spec: OptionSpec, value: string | undefined, isInline: boolean): Value {
  if (spec.type === 'boolean') {
    if (value !== undefined) throw new UsageError(`${rawName} takes no value; got ${quote(value)}.`);
    return true;
  }
  const isNumeric = spec.type !== 'string';
  if (value === undefined || (!isInline && /^-./.test(value) && !(isNumeric && /^-[\d.]/.test(value))))
    throw new UsageError(
      value === undefined
        ? `${rawName} needs a value.`
        : `${rawName} needs a value; got the option ${quote(value)}. Write ${rawName}=${value} if that is the value.`,
    );
  if (value === '') throw new UsageError(`${rawName} is empty; expected ${describe(spec)}.`);
  if (!isNumeric) {
    if (spec.choices && !spec.choices.includes(value)) {
      const near = closestName(value, spec.choices);
      throw new UsageError(
        `${rawName} is ${quote(value)}; expected ` +
          `${describe(spec)}.${near === undefined ? '' : ` Did you mean ${near}?`}`,
      );
    }
    return value;
  }
  const number = Number(value.trim() || Number.NaN);
  const { min = Number.NEGATIVE_INFINITY, max = Number.POSITIVE_INFINITY, type } = spec;
  if (!(type === 'integer' ? Number.isSafeInteger(number) : Number.isFinite(number)) || number < min || number > max)
    throw new UsageError(`${rawName} is ${quote(value)}; expected ${describe(spec)}.`);
  return number;
}

function describe({ type, choices, min, max }: OptionSpec): string {
  if (choices) return `one of ${choices.join(', ')}`;
  if (type === 'string') return 'a text';
  const kind = type === 'integer' ? 'a whole number' : 'a number';
  if (min !== undefined && max !== undefined) return `${kind} from ${min} to ${max}`;
  return min === undefined ? kind : `${kind} of at least ${min}`;
}

function checkPositionals({ name, positionals: { min, max, what } }: Command, given: readonly string[]): void {
  const help = `See blip-openvino ${name} --help`;
  if (given.length > max)
    throw new UsageError(
      max === 0
        ? `${name} takes no arguments beside its options; got ${quote(given[0])}. ${help}`
        : `${name} takes at most ${max} (${what}); ${quote(given[max])} is too many. ${help}`,
    );
  if (given.length < min) throw new UsageError(`${name} needs ${what}. ${help}`);
}
