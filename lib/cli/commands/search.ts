// blip-openvino search: the images of a folder that a text describes, or the texts of a list that describe an image.
import * as fs from 'node:fs';
import { readText } from '../../core/read-text';
import type { RetrievalModel, Scores, SearchOptions } from '../../search';
import { EXIT_OK, UsageError, type Command } from '../command';
import { STDIN } from '../find-images';
import type { ParsedCommand } from '../parse-command-line';
import { printable } from '../printable';
import { INDEX_OPTIONS, loadRetrieval, RETRIEVAL_MODEL } from '../retrieval';
import { chooseModel, MODEL_OPTIONS, pretrainedOptions } from '../shared-options';
import type { Terminal } from '../terminal';

/** A hundred thousand texts of a hundred characters; more take minutes to encode. */
const MAX_TEXT_BYTES = 64 * 2 ** 20;

export const search: Command = {
  name: 'search',
  summary: 'find the images of a folder by a text, or the texts of a list by an image',
  usage: '[options] <folder> <text>\n       blip-openvino search [options] --image <image> --texts-from <file>',
  description:
    'Brings the index of the folder up to date (see index), and prints the images that fit the text best: the ' +
    "matching head's probability (- where it did not look), the cosine, the image. With --image, the texts of a " +
    `file, one a line, that fit the image best.\n` +
    `Model: ${RETRIEVAL_MODEL}, unless --model or BLIP_MODEL names another.`,
  positionals: { min: 0, max: 2, what: 'a folder and a text' },
  options: {
    'top-k': { type: 'integer', min: 1, value: 'n', help: 'hits to print; 10 by default' },
    rerank: {
      type: 'integer',
      min: 0,
      value: 'n',
      help: 'how many of the nearest the matching head looks at; 16 by default, 0 for cosines alone',
    },
    ...MODEL_OPTIONS,
    ...INDEX_OPTIONS,
    'no-update': { type: 'boolean', help: 'take the index as it was saved' },
    image: { type: 'string', value: 'image', help: 'find texts for this image: a path or an address' },
    'texts-from': { type: 'string', value: 'file', help: 'with --image: texts, one a line; - for standard input' },
  },
  examples: [
    {
      command: 'search --model models/blip-scenes-itm --top-k 1 data/pictures "an umbrella on the beach"',
      output: '0.9945\t0.0309\tdata/pictures/beach-night-umbrella.jpg',
    },
  ],
  async run(parsed, terminal) {
    const image = parsed.string('image');
    const run = image === undefined ? imageSearch(parsed, terminal) : await textSearch(parsed, terminal, image);
    const model = await loadRetrieval(
      chooseModel(parsed, RETRIEVAL_MODEL),
      pretrainedOptions(parsed, terminal, 'Model'),
    );
    try {
      await run(model);
      return EXIT_OK;
    } finally {
      model.dispose();
    }
  },
};

type Run = (model: RetrievalModel) => Promise<void>;

/** @throws {UsageError} before the model is loaded */
function imageSearch(parsed: ParsedCommand, terminal: Terminal): Run {
  const [folder, text] = parsed.positionals;
  if (folder === undefined || text === undefined)
    throw new UsageError('search needs a folder and a text: search photos "two dogs on a beach".');
  if (text.trim() === '') throw new UsageError('The text is empty; expected a description of an image.');
  if (parsed.string('texts-from') !== undefined) throw new UsageError('--texts-from goes with --image alone.');
  const index_file = parsed.string('index-file');
  const place = index_file === undefined ? {} : { index_file };
  return async (model) => {
    const { indexImages, openImageIndex, searchImages } = await import('../../search');
    const { signal } = terminal;
    const index = parsed.flag('no-update')
      ? await openImageIndex(folder, model, place)
      : await indexImages(folder, model, { ...place, signal, progress_callback: terminal.progress('Index') });
    const skipped = index.report?.skipped.length ?? 0;
    if (skipped > 0) terminal.note(`blip-openvino: ${skipped} files were skipped; blip-openvino index lists them`);
    const on_warning = (message: string): void => terminal.note(`blip-openvino: ${message}`);
    const hits = await searchImages(index, text, { ...searchOptions(parsed, terminal), on_warning });
    for (const hit of hits) await printHit(parsed, terminal, hit, hit.image);
  };
}

/** @throws {UsageError} before the model is loaded */
async function textSearch(parsed: ParsedCommand, terminal: Terminal, image: string): Promise<Run> {
  const from = parsed.string('texts-from');
  if (from === undefined) throw new UsageError('--image needs --texts-from: a file of texts, one a line, or -.');
  if (parsed.positionals.length > 0 || parsed.flag('no-update') || parsed.string('index-file') !== undefined)
    throw new UsageError(
      'With --image there is no folder and no index: search --image beach.jpg --texts-from texts.txt.',
    );
  if (from === STDIN && terminal.stdin.isTTY)
    throw new UsageError('- reads standard input, which is a terminal here. Pipe texts into it, one a line.');
  if (from !== STDIN && !fs.existsSync(from)) throw new UsageError(`--texts-from ${from}: no such file.`);
  const all = from === STDIN ? await readStdin(terminal) : readText(from, { maxBytes: MAX_TEXT_BYTES });
  const texts = all.split(/\r?\n/).filter((line) => line.trim() !== '');
  if (texts.length === 0) throw new UsageError(`--texts-from ${from}: has no text; expected one a line.`);
  return async (model) => {
    const { indexTexts, searchTexts } = await import('../../search');
    const { signal } = terminal;
    const index = await indexTexts(texts, model, { signal, progress_callback: terminal.progress('Texts') });
    const hits = await searchTexts(index, image, searchOptions(parsed, terminal));
    for (const hit of hits) await printHit(parsed, terminal, hit, hit.text);
  };
}

async function readStdin({ stdin }: Terminal): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of stdin) {
    const bytes = Buffer.from(chunk);
    size += bytes.length;
    if (size > MAX_TEXT_BYTES)
      throw new UsageError(`Standard input has more than ${MAX_TEXT_BYTES / 2 ** 20} MiB; expected texts, one a line.`);
    chunks.push(bytes);
  }
  return Buffer.concat(chunks, size).toString('utf8');
}

function searchOptions(parsed: ParsedCommand, terminal: Terminal): SearchOptions {
  const [top_k, rerank] = [parsed.number('top-k'), parsed.number('rerank')];
  return {
    ...(top_k !== undefined && { top_k }),
    ...(rerank !== undefined && { rerank }),
    progress_callback: terminal.progress('Search'),
    signal: terminal.signal,
  };
}

async function printHit(parsed: ParsedCommand, terminal: Terminal, hit: Scores, name: string): Promise<void> {
  const { match, cosine } = hit;
  const line = parsed.flag('json')
    ? JSON.stringify(hit)
    : [match?.toFixed(4) ?? '-', cosine.toFixed(4), printable(name)].join('\t');
  await terminal.print(line);
}
