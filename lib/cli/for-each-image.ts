// Runs a task on one image after the other and prints each result at once. An image that cannot be used is reported and
// skipped.
import type { ImageSource } from '../preprocessing';
import { EXIT_FAILURE, EXIT_INTERRUPTED, EXIT_OK, type OptionSpecs } from './command';
import { findImages, mayBeMany, type ImageArguments } from './find-images';
import { printable } from './printable';
import type { ParsedCommand } from './parse-command-line';
import type { Terminal } from './terminal';

/** One line of output: `json` as it is with --json, else `columns` behind a tab each. */
export interface ResultRow {
  readonly json: Readonly<Record<string, unknown>>;
  readonly columns: readonly string[];
}

export const IMAGE_OPTIONS = {
  'files-from': {
    type: 'string',
    value: 'file',
    help:
      'read paths and addresses of images from a file, one a line or each with a null character behind it; - ' +
      'for standard input',
  },
  'image-column': {
    type: 'string',
    value: 'name',
    help:
      'the column of .jsonl, .csv and .parquet files that has the images; image, file_name, url and the like by ' +
      'default',
  },
} as const satisfies OptionSpecs;

/** What the help says of images. */
export const IMAGES_HELP =
  'An image is a path, a pattern ("photos/**/*.jpg"), a folder, an address, or - for standard input; a .jsonl, ' +
  '.csv, .parquet or .tar file holds many. One that cannot be read is skipped, reported on stderr, and makes the ' +
  'exit status 1. With several images each line begins with the image. --json prints one object a line.';

export function imageArguments(parsed: ParsedCommand): ImageArguments {
  return {
    args: parsed.positionals,
    filesFrom: parsed.string('files-from'),
    columns: { image: parsed.string('image-column'), question: parsed.string('question-column') },
  };
}

/** @returns the exit status */
export async function forEachImage(
  parsed: ParsedCommand,
  terminal: Terminal,
  run: (image: ImageSource, questions: readonly string[]) => Promise<readonly ResultRow[]>,
): Promise<number> {
  const { ImageError } = await import('../preprocessing/errors');
  const images = imageArguments(parsed);
  const isMany = mayBeMany(images);
  const report = terminal.progress('Images');
  const counts = { done: 0, skipped: 0 };
  const skip = (name: string, problem: string): void => {
    counts.skipped++;
    const said = problem.startsWith(name) ? problem : `${printable(name)}: ${problem}`;
    terminal.note(`blip-openvino: skipped ${said}`);
  };
  for await (const image of findImages(images, terminal)) {
    if (terminal.signal.aborted) return EXIT_INTERRUPTED;
    if ('problem' in image) {
      skip(image.name, image.problem);
      continue;
    }
    if (isMany) report({ status: 'image', file: printable(image.name), loaded: counts.done + counts.skipped });
    try {
      for (const { json, columns } of await run(image.source, image.questions ?? [])) {
        const line = parsed.flag('json')
          ? JSON.stringify({ image: image.name, ...json })
          : [...(isMany ? [image.name] : []), ...columns].map(printable).join('\t');
        await terminal.print(line);
      }
      counts.done++;
    } catch (error) {
      if (!(error instanceof ImageError)) throw error;
      skip(image.name, error.message);
    }
  }
  if (isMany && counts.skipped > 0)
    terminal.note(`${counts.done} ${counts.done === 1 ? 'image' : 'images'} done, ${counts.skipped} skipped`);
  return counts.skipped > 0 ? EXIT_FAILURE : EXIT_OK;
}
