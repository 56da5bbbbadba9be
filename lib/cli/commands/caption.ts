// blip-openvino caption: a caption for each image.
import { EXIT_OK, UsageError, type Command } from '../command';
import { BATCH_HELP, BATCH_OPTIONS, batchOptions, CAPTION_FILE_OPTIONS, isBatch } from '../batch-options';
import { areFolders, checkImageArguments, firstImage, type ImageArguments } from '../find-images';
import { forEachImage, IMAGE_OPTIONS, imageArguments, IMAGES_HELP } from '../for-each-image';
import type { ParsedCommand } from '../parse-command-line';
import { batchInputs, reportBatch } from '../run-batch';
import {
  chooseModel,
  GENERATION_OPTIONS,
  generationOptions,
  MODEL_OPTIONS,
  pretrainedOptions,
  SCORE_OPTIONS,
  scoreColumn,
} from '../shared-options';
import type { Terminal } from '../terminal';
import { ATTENTION_OPTIONS, attentionFile, writeAttention } from '../write-attention';

const USUAL_MODEL = 'Salesforce/blip-image-captioning-base';

export const caption: Command = {
  name: 'caption',
  summary: 'write a caption for each image',
  usage: '[options] <image>...',
  description:
    `${IMAGES_HELP}\nFor folders, each caption is written beside its image: beach.jpg, ` +
    `beach.txt. ${BATCH_HELP}\nModel: ${USUAL_MODEL}, unless --model or BLIP_MODEL names another.`,
  positionals: { min: 0, max: Number.POSITIVE_INFINITY, what: 'images' },
  options: {
    ...MODEL_OPTIONS,
    prompt: { type: 'string', value: 'text', help: 'words that the caption begins with' },
    ...GENERATION_OPTIONS,
    ...SCORE_OPTIONS,
    ...ATTENTION_OPTIONS,
    ...IMAGE_OPTIONS,
    ...BATCH_OPTIONS,
    ...CAPTION_FILE_OPTIONS,
  },
  examples: [
    {
      command: 'caption --model models/blip-scenes data/pictures/demo.jpg',
      output: 'two gray dogs playing with two green balls on the beach',
    },
    {
      command: 'caption --model models/blip-scenes --num-beams 3 --no-repeat-ngram-size 3 data/pictures/demo.jpg',
      output: 'two gray dogs playing with two green balls on the beach',
    },
  ],
  async run(parsed, terminal) {
    const images = imageArguments(parsed);
    checkImageArguments(images, terminal);
    const attention = attentionFile(parsed);
    if (isBatch(parsed, areFolders(images) && attention === undefined)) {
      if (attention !== undefined)
        throw new UsageError('--attention is for results that are printed: leave out --output.');
      return captionBatch(parsed, terminal, images);
    }
    const { loadPipeline } = await import('../../pipelines/load-pipeline');
    const loading = {
      ...pretrainedOptions(parsed, terminal, 'Model'),
      ...(attention !== undefined && { output_attentions: true }),
    };
    const first = firstImage(images);
    const captioner = await loadPipeline('image-to-text', chooseModel(parsed, USUAL_MODEL), loading, first);
    const prompt = parsed.string('prompt');
    const options = { ...generationOptions(parsed, terminal), ...(prompt !== undefined && { prompt }) };
    try {
      return await forEachImage(parsed, terminal, async (image) => {
        if (attention !== undefined) {
          const { text, tokens } = await captioner.trace(image, { ...options, layer: parsed.number('layer') });
          await writeAttention(attention, { image, tokens, title: text }, terminal);
          return [{ json: { caption: text, attention }, columns: [text] }];
        }
        const captions = await captioner(image, options);
        return captions.map(({ generated_text, score }) => ({
          json: { caption: generated_text, score },
          columns: [generated_text, ...scoreColumn(parsed, score)],
        }));
      });
    } finally {
      captioner.dispose();
    }
  },
};

/** Of several folders, each has its files and its journal. */
async function captionBatch(parsed: ParsedCommand, terminal: Terminal, images: ImageArguments): Promise<number> {
  const { captionFolder } = await import('../../batch');
  const text = (name: string): string | undefined => parsed.string(name);
  const options = {
    ...(await batchOptions(parsed, terminal, { model: chooseModel(parsed, USUAL_MODEL), label: 'Captions' })),
    prompt: text('prompt'),
    caption_extension: text('caption-extension'),
    prefix: text('prefix'),
    suffix: text('suffix'),
    ...(parsed.flag('append') && { append: true }),
    ...(parsed.flag('overwrite') && { overwrite: true }),
  };
  const inputs = batchInputs(images, terminal);
  let status = EXIT_OK;
  for (const part of options.output === undefined ? inputs : [inputs])
    status = Math.max(status, await reportBatch(parsed, terminal, () => captionFolder(part, options)));
  return status;
}
