// blip-openvino features: contrastive features of images, in a table.
import { UsageError, type Command } from '../command';
import { BATCH_OPTIONS, batchOptions } from '../batch-options';
import { checkImageArguments } from '../find-images';
import { IMAGE_OPTIONS, imageArguments } from '../for-each-image';
import { RETRIEVAL_MODEL } from '../retrieval';
import { batchInputs, reportBatch } from '../run-batch';
import { chooseModel, MODEL_OPTIONS } from '../shared-options';

export const features: Command = {
  name: 'features',
  summary: 'write the features of images into a table',
  usage: '[options] --output <file> <image or folder>...',
  description:
    'Writes the contrastive features (image_embeds) of each image, a list of numbers of length 1: the dot product of ' +
    'two is their cosine. An input is a path, a pattern, a folder, an address, a .jsonl, .csv, .parquet or .tar ' +
    'file, or - for a list on standard input. Running the same command again does what is missing. A file that ' +
    'cannot be read is skipped, reported on stderr, and makes the exit status 1.\n' +
    `Model: ${RETRIEVAL_MODEL}, unless --model or BLIP_MODEL names another.`,
  positionals: { min: 0, max: Number.POSITIVE_INFINITY, what: 'images' },
  options: {
    ...MODEL_OPTIONS,
    ...IMAGE_OPTIONS,
    ...BATCH_OPTIONS,
    output: {
      type: 'string',
      short: 'o',
      value: 'file',
      help: 'a table with a row for each image: .jsonl or .parquet',
    },
  },
  examples: [
    {
      command: 'features --model models/blip-scenes-itm --json --output features.parquet data/pictures',
      output:
        '{"done":8,"skipped":0,"kept":0,"failures":[],"seconds":0.4369178529999999,' +
        '"images_per_second":18.309740222206784,"streams":2,"batch_size":1,"output":"features.parquet"}',
    },
  ],
  async run(parsed, terminal) {
    const images = imageArguments(parsed);
    checkImageArguments(images, terminal);
    const output = parsed.string('output');
    if (output === undefined || !/\.(jsonl|parquet)$/i.test(output))
      throw new UsageError(
        `--output is ${output === undefined ? 'missing' : `"${output}"`}; expected a name that ends with .jsonl or ` +
          `.parquet.`,
      );
    const { embedFolder } = await import('../../batch');
    const { generation, ...options } = await batchOptions(parsed, terminal, {
      model: chooseModel(parsed, RETRIEVAL_MODEL),
      label: 'Features',
    });
    void generation; // there is nothing to generate
    return reportBatch(parsed, terminal, () => embedFolder(batchInputs(images, terminal), { ...options, output }));
  },
};
