// Help texts, from what a command says about itself.
import type { Command, OptionSpec, OptionSpecs } from './command';
import { COMMON_OPTIONS } from './parse-command-line';

const WIDTH = 100;
const INDENT = '  ';

/** The help of the program. */
export function formatHelp(commands: readonly Command[]): string {
  const rows = commands.map(({ name, summary }) => [name, summary] as const);
  return [
    'Usage: blip-openvino <command> [options]',
    '',
    'Captions of images, answers to questions about them, and image-text matching, with BLIP on OpenVINO.',
    '',
    'Commands:',
    ...formatRows(rows),
    '',
    'Options:',
    ...formatRows([
      ['-h, --help', 'show this help; behind a command: the help of the command'],
      ['-V, --version', 'print the version'],
    ]),
    '',
    'Results go to stdout, progress and errors to stderr. Exit status: 0 done, 1 something failed, 2 wrong usage,',
    '130 interrupted. BLIP_DEBUG=1 shows the stack of an error. Downloads and proxies: docs/hub.md.',
    '',
    'Example:',
    ...formatExamples([{ command: 'caption beach.jpg', output: 'a woman sitting on the beach with her dog' }]),
    '',
  ].join('\n');
}

/** The help of one command. */
export function formatCommandHelp({ name, usage, summary, description, options, examples }: Command): string {
  return [
    `Usage: blip-openvino ${name} ${usage}`,
    '',
    ...wrap(`${summary[0].toUpperCase()}${summary.slice(1)}.`, WIDTH),
    ...(description === undefined ? [] : ['', ...description.split('\n').flatMap((line) => wrap(line, WIDTH))]),
    '',
    'Options:',
    ...formatRows(optionRows({ ...options, ...COMMON_OPTIONS })),
    '',
    examples.length > 1 ? 'Examples:' : 'Example:',
    ...formatExamples(examples),
    '',
  ].join('\n');
}

function formatExamples(examples: Command['examples']): string[] {
  return examples.flatMap(({ command, output }, i) => [
    ...(i > 0 ? [''] : []),
    `${INDENT}$ blip-openvino ${command}`,
    ...output.split('\n').map((line) => `${INDENT}${line}`),
  ]);
}

function optionRows(options: OptionSpecs): (readonly [string, string])[] {
  return Object.entries(options).map(([name, spec]) => [optionLabel(name, spec), optionHelp(spec)]);
}

function optionLabel(name: string, { short, type, value, choices }: OptionSpec): string {
  const placeholder = type === 'boolean' ? '' : ` <${value ?? choices?.join('|') ?? type}>`;
  return `${short === undefined ? '    ' : `-${short}, `}--${name}${placeholder}`;
}

function optionHelp({ help, multiple }: OptionSpec): string {
  return multiple ? `${help}; may be repeated` : help;
}

function formatRows(rows: readonly (readonly [string, string])[]): string[] {
  const column = Math.max(...rows.map(([label]) => label.length)) + INDENT.length;
  return rows.flatMap(([label, text]) =>
    wrap(text, WIDTH - column - INDENT.length).map(
      (line, i) => `${INDENT}${(i === 0 ? label : '').padEnd(column)}${line}`,
    ),
  );
}

function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + 1 + word.length > width) {
      lines.push(line);
      line = word;
    } else line = line === '' ? word : `${line} ${word}`;
  }
  return [...lines, line];
}
