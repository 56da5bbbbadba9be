// blip-openvino index: keeps the features of a folder's images in a file, for search.
import { EXIT_FAILURE, EXIT_OK, type Command } from '../command';
import { printable } from '../printable';
import { chooseModel, MODEL_OPTIONS, pretrainedOptions } from '../shared-options';
import { INDEX_OPTIONS, loadRetrieval, RETRIEVAL_MODEL } from '../retrieval';

export const index: Command = {
  name: 'index',
  summary: 'index the images of a folder for search',
  usage: '[options] <folder>',
  description:
    'Encodes the images below a folder, and keeps the result in one file, .blip-index in the folder. Called again, ' +
    'it encodes only what is new or changed. A file that cannot be read is skipped, reported on stderr, and makes ' +
    `the exit status 1. Ctrl-C keeps what is done.\nModel: ${RETRIEVAL_MODEL}, unless --model or BLIP_MODEL names ` +
    `another.`,
  positionals: { min: 1, max: 1, what: 'a folder' },
  options: {
    ...MODEL_OPTIONS,
    ...INDEX_OPTIONS,
    rebuild: { type: 'boolean', help: 'make the index anew, also for another model' },
  },
  examples: [
    {
      command: 'index --model models/blip-scenes-itm data/pictures',
      output: '8 images: 8 added, 0 changed, 0 renamed, 0 removed, 0 unchanged, 0 skipped',
    },
  ],
  async run(parsed, terminal) {
    const [folder] = parsed.positionals;
    const model = await loadRetrieval(
      chooseModel(parsed, RETRIEVAL_MODEL),
      pretrainedOptions(parsed, terminal, 'Model'),
    );
    try {
      const { indexImages } = await import('../../search');
      const index_file = parsed.string('index-file');
      const made = await indexImages(folder, model, {
        ...(index_file !== undefined && { index_file }),
        rebuild: parsed.flag('rebuild'),
        progress_callback: terminal.progress('Images'),
        signal: terminal.signal,
      });
      const { report } = made;
      if (!report) return EXIT_OK;
      const { skipped, ...counts } = report;
      for (const { path, reason } of skipped)
        terminal.note(`blip-openvino: skipped ${printable(path)}: ${printable(reason)}`);
      const parts = Object.entries({ ...counts, skipped: skipped.length }).map(([what, count]) => `${count} ${what}`);
      await terminal.print(
        parsed.flag('json')
          ? JSON.stringify({ index: made.file, images: made.length, ...report })
          : `${made.length} images: ${parts.join(', ')}`,
      );
      return skipped.length > 0 ? EXIT_FAILURE : EXIT_OK;
    } finally {
      model.dispose();
    }
  },
};
