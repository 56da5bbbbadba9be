// blip-openvino match: how well texts describe images.
import { UsageError, type Command } from '../command';
import { checkImageArguments, firstImage } from '../find-images';
import { forEachImage, IMAGE_OPTIONS, imageArguments, IMAGES_HELP } from '../for-each-image';
import { chooseModel, MODEL_OPTIONS, pretrainedOptions } from '../shared-options';
import { ATTENTION_OPTIONS, attentionFile, writeAttention } from '../write-attention';

const USUAL_MODEL = 'Salesforce/blip-itm-base-coco';

export const match: Command = {
  name: 'match',
  summary: 'score how well texts describe images',
  usage: '[options] --text <text> <image>...',
  description:
    'Prints the probability, from 0 to 1, that a text describes the image, and the text; with --cosine the cosine of ' +
    `their features, from -1 to 1. ${IMAGES_HELP}\n` +
    `Model: ${USUAL_MODEL}, unless --model or BLIP_MODEL names another.`,
  positionals: { min: 0, max: Number.POSITIVE_INFINITY, what: 'images' },
  options: {
    text: { type: 'string', value: 'text', multiple: true, help: 'a text to compare with each image' },
    cosine: { type: 'boolean', help: 'compare features instead of asking the matching head: quicker, less exact' },
    ...MODEL_OPTIONS,
    ...ATTENTION_OPTIONS,
    ...IMAGE_OPTIONS,
  },
  examples: [
    {
      command: 'match --text "A woman and her dog sitting in a beach" beach.jpg',
      output: '0.9971\tA woman and her dog sitting in a beach',
    },
    {
      command:
        'match --model models/blip-scenes-itm --text "two gray dogs" --attention words.png data/pictures/demo.jpg',
      output: '0.9969\ttwo gray dogs',
    },
  ],
  async run(parsed, terminal) {
    const texts = parsed.strings('text');
    if (texts.length === 0)
      throw new UsageError('No text is given: --text "two dogs on a beach" (once or several times).');
    const images = imageArguments(parsed);
    checkImageArguments(images, terminal);
    const attention = attentionFile(parsed);
    if (attention !== undefined && texts.length > 1)
      throw new UsageError('--attention draws one text. Give one --text, or call the command once for each.');
    const { loadPipeline } = await import('../../pipelines/load-pipeline');
    const loading = {
      ...pretrainedOptions(parsed, terminal, 'Model'),
      ...(attention !== undefined && { output_attentions: true }),
    };
    const first = firstImage(images);
    const matcher = await loadPipeline('image-text-matching', chooseModel(parsed, USUAL_MODEL), loading, first);
    const use_itm_head = !parsed.flag('cosine');
    try {
      return await forEachImage(parsed, terminal, async (image) => {
        if (attention !== undefined) {
          const { text, score, tokens } = await matcher.trace(image, texts[0], { layer: parsed.number('layer') });
          const title = `${score.toFixed(4)} ${text}`;
          await writeAttention(attention, { image, tokens, title }, terminal);
          return [{ json: { text, score, attention }, columns: [score.toFixed(4), text] }];
        }
        return (await matcher(image, texts, { use_itm_head })).map(({ text, score }) => ({
          json: { text, score },
          columns: [score.toFixed(4), text],
        }));
      });
    } finally {
      matcher.dispose();
    }
  },
};
