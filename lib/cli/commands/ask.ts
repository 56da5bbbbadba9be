// blip-openvino ask: answers to questions about images.
import { UsageError, type Command } from '../command';
import { checkImageArguments } from '../find-images';
import { forEachImage, IMAGE_OPTIONS, imageArguments, IMAGES_HELP } from '../for-each-image';
import {
  chooseModel,
  GENERATION_OPTIONS,
  generationOptions,
  MODEL_OPTIONS,
  pretrainedOptions,
} from '../shared-options';

const USUAL_MODEL = 'Salesforce/blip-vqa-base';

export const ask: Command = {
  name: 'ask',
  summary: 'answer questions about images',
  usage: '[options] --question <text> <image>...',
  description: `${IMAGES_HELP} So does the question where there are several.\nModel: ${USUAL_MODEL}, unless --model or BLIP_MODEL names another.`,
  positionals: { min: 0, max: Number.POSITIVE_INFINITY, what: 'images' },
  options: {
    question: { type: 'string', value: 'text', multiple: true, help: 'what to ask about each image' },
    ...MODEL_OPTIONS,
    ...GENERATION_OPTIONS,
    ...IMAGE_OPTIONS,
  },
  examples: [
    {
      command: 'ask --model models/blip-scenes --question "how many dogs are there?" data/pictures/demo.jpg',
      output: '2',
    },
    {
      command:
        'ask --model models/blip-scenes --question "how many dogs are there?" --question "is it day or night?" ' +
        'data/pictures/demo.jpg',
      output: 'how many dogs are there?\t2\nis it day or night?\tday',
    },
  ],
  async run(parsed, terminal) {
    const questions = parsed.strings('question');
    if (questions.length === 0)
      throw new UsageError('No question is given: --question "how many dogs are there?" (once or several times).');
    checkImageArguments(imageArguments(parsed), terminal);
    const { pipeline } = await import('../../pipelines');
    const vqa = await pipeline(
      'visual-question-answering',
      chooseModel(parsed, USUAL_MODEL),
      pretrainedOptions(parsed, terminal, 'Model'),
    );
    const options = generationOptions(parsed, terminal);
    try {
      return await forEachImage(parsed, terminal, async (image) => {
        const answers = await vqa(image, questions, options);
        return questions.map((question, i) => {
          const [{ answer, unknown_words }] = answers[i];
          return {
            json: { question, answer, ...(unknown_words && { unknown_words }) },
            columns: questions.length > 1 ? [question, answer] : [answer],
          };
        });
      });
    } finally {
      vqa.dispose();
    }
  },
};
