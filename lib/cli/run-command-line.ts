// From arguments to an exit status: finds the command, runs it, reports errors.
import { BlipError } from '../core/errors';
import { closestName } from '../core/edit-distance';
import { quote } from '../core/quote';
import { EXIT_FAILURE, EXIT_INTERRUPTED, EXIT_OK, EXIT_USAGE, UsageError, type Command } from './command';
import { COMMANDS } from './commands';
import { formatCommandHelp, formatHelp } from './format-help';
import { parseCommandLine } from './parse-command-line';
import { ownVersion } from '../core/own-version';
import { openTerminal, type Terminal } from './terminal';

/**
 * Runs the command `blip-openvino` in this process, with its standard streams.
 *
 * @param argv without the interpreter and the script
 * @returns the exit status: 0 done, 1 something failed, 2 wrong usage, 130 interrupted
 * @example
 * process.exitCode = await runCommandLine(process.argv.slice(2));
 */
export async function runCommandLine(argv: readonly string[]): Promise<number> {
  const terminal = openTerminal();
  try {
    return await dispatch(argv, terminal);
  } catch (error) {
    if (terminal.signal.aborted) return EXIT_INTERRUPTED;
    terminal.note(`blip-openvino: ${describeError(error)}`);
    return error instanceof UsageError ? EXIT_USAGE : EXIT_FAILURE;
  } finally {
    terminal.close();
  }
}

async function dispatch([first, ...rest]: readonly string[], terminal: Terminal): Promise<number> {
  if (first === undefined) {
    terminal.note(formatHelp(COMMANDS).trimEnd());
    return EXIT_USAGE;
  }
  if (first === '--version' || first === '-V' || first === '-v') {
    await terminal.print(ownVersion());
    return EXIT_OK;
  }
  if (first === '--help' || first === '-h' || (first === 'help' && rest.length === 0)) {
    await terminal.print(formatHelp(COMMANDS).trimEnd());
    return EXIT_OK;
  }
  const command = findCommand(first === 'help' ? rest[0] : first);
  const parsed = parseCommandLine(command, first === 'help' ? ['--help'] : rest);
  if (parsed.flag('help')) {
    await terminal.print(formatCommandHelp(command).trimEnd());
    return EXIT_OK;
  }
  if (parsed.flag('quiet')) terminal.silence();
  const status = await command.run(parsed, terminal);
  return terminal.signal.aborted && command.name !== 'demo' ? EXIT_INTERRUPTED : status;
}

function findCommand(name: string): Command {
  const found = COMMANDS.find((command) => command.name === name);
  if (found) return found;
  const names = COMMANDS.map((command) => command.name);
  if (name.startsWith('-'))
    throw new UsageError(`Unknown option ${quote(name)}: the command comes first. Commands: ${names.join(', ')}.`);
  const near = closestName(name, names);
  throw new UsageError(
    `Unknown command ${quote(name)}. ` +
      `${near === undefined ? `Commands: ${names.join(', ')}.` : `Did you mean ${near}?`}`,
  );
}

/** What the library explains needs no stack. Of anything else the stack helps those who get the report. */
function describeError(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (process.env.BLIP_DEBUG) return error.stack ?? error.message;
  if (error instanceof BlipError) return error.message;
  return `${error.message} (${error.name}; BLIP_DEBUG=1 shows where)`;
}
