// --attention: a PNG that shows which patches of the image each word looked at.
import type { AttentionFigure } from '../notebook/attention-figure';
import { UsageError, type OptionSpecs } from './command';
import { mayBeMany } from './find-images';
import { imageArguments } from './for-each-image';
import { printable } from './printable';
import type { ParsedCommand } from './parse-command-line';
import type { Terminal } from './terminal';

export const ATTENTION_OPTIONS = {
  attention: {
    type: 'string',
    value: 'file.png',
    help: 'draw the image once for each word, with the patches that the word looked at; one image',
  },
  layer: { type: 'integer', min: 0, help: 'with --attention, the layer to draw, from 0; the last by default' },
} as const satisfies OptionSpecs;

/** What there is no picture of: scores, answers that were given, several texts, and features. */
const FOREIGN = ['scores', 'candidate', 'candidates', 'num-return-sequences', 'cosine'];

/** The file to write, or undefined. @throws {UsageError} when it cannot be drawn for these arguments */
export function attentionFile(parsed: ParsedCommand): string | undefined {
  const file = parsed.string('attention');
  if (file === undefined) {
    if (parsed.number('layer') !== undefined) throw new UsageError('--layer goes with --attention file.png.');
    return undefined;
  }
  if (!/\.png$/i.test(file)) throw new UsageError(`--attention is "${file}"; expected the name of a PNG: words.png.`);
  const foreign = FOREIGN.find((name) => parsed.flag(name));
  if (foreign !== undefined)
    throw new UsageError(`--attention draws one text that the model writes or reads: leave out --${foreign}.`);
  if (mayBeMany(imageArguments(parsed)))
    throw new UsageError('--attention draws one image. Name one image, or call the command once for each.');
  return file;
}

export async function writeAttention(file: string, figure: AttentionFigure, terminal: Terminal): Promise<void> {
  const { attentionFigure } = await import('../notebook/attention-figure');
  const { drawingPNG } = await import('../notebook/show-svg');
  const { writeWhole } = await import('../core/write-whole');
  const { writeAdvice } = await import('../core/explain-write-error');
  const { FileError } = await import('../core/read-text');
  const png = await drawingPNG(await attentionFigure(figure));
  try {
    writeWhole(file, png);
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    throw new FileError(`${file}: the PNG could not be written: ${message}. ${writeAdvice(error)}`, { cause: error });
  }
  terminal.note(`${printable(file)}: where each word looked`);
}
