// blip-openvino ask: answers to questions about images.
import { UsageError, type Command } from '../command';
import { BATCH_HELP, BATCH_OPTIONS, batchOptions, isBatch } from '../batch-options';
import { checkImageArguments, firstImage } from '../find-images';
import { CANDIDATE_OPTIONS, candidateOptions } from '../candidate-options';
import { forEachImage, IMAGE_OPTIONS, imageArguments, IMAGES_HELP } from '../for-each-image';
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
import { ATTENTION_OPTIONS, attentionFile, writeAttention } from '../write-attention';

const USUAL_MODEL = 'Salesforce/blip-vqa-base';

export const ask: Command = {
  name: 'ask',
  summary: 'answer questions about images',
  usage: '[options] --question <text> <image>...',
  description:
    `${IMAGES_HELP} Where there are several questions, each answer stands behind its question. ${BATCH_HELP}\n` +
    `Model: ${USUAL_MODEL}, unless --model or BLIP_MODEL names another.`,
  positionals: { min: 0, max: Number.POSITIVE_INFINITY, what: 'images' },
  options: {
    question: { type: 'string', value: 'text', multiple: true, help: 'what to ask about each image' },
    'question-column': {
      type: 'string',
      value: 'name',
      help: 'the column of .jsonl, .csv and .parquet files that has the questions about each image: a text, or a list',
    },
    ...MODEL_OPTIONS,
    ...CANDIDATE_OPTIONS,
    ...GENERATION_OPTIONS,
    ...SCORE_OPTIONS,
    ...ATTENTION_OPTIONS,
    ...IMAGE_OPTIONS,
    ...BATCH_OPTIONS,
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
    {
      command:
        'ask --model models/blip-scenes --question "where was this picture taken?" --candidate beach ' +
        '--candidate park data/pictures/demo.jpg',
      output: 'beach',
    },
  ],
  async run(parsed, terminal) {
    const questions = parsed.strings('question');
    const column = parsed.string('question-column');
    if (questions.length === 0 && column === undefined)
      throw new UsageError(
        'No question is given: --question "how many dogs are there?" (once or several times), or --question-column ' +
          'for those in a .jsonl, .csv or .parquet file.',
      );
    const images = imageArguments(parsed);
    checkImageArguments(images, terminal);
    const candidates = candidateOptions(parsed);
    const attention = attentionFile(parsed);
    if (attention !== undefined && (questions.length > 1 || column !== undefined))
      throw new UsageError('--attention draws one answer. Give one --question, or call the command once for each.');
    if (isBatch(parsed, false)) {
      if (candidates !== undefined || attention !== undefined)
        throw new UsageError('--candidate and --attention are for results that are printed: leave out --output.');
      const { askFolder } = await import('../../batch');
      const { output = '', ...rest } = await batchOptions(parsed, terminal, {
        model: chooseModel(parsed, USUAL_MODEL),
        label: 'Answers',
      });
      const inputs = batchInputs(images, terminal);
      return reportBatch(parsed, terminal, () => askFolder(inputs, questions, { ...rest, output }));
    }
    const { loadPipeline } = await import('../../pipelines/load-pipeline');
    const loading = {
      ...pretrainedOptions(parsed, terminal, 'Model'),
      ...(attention !== undefined && { output_attentions: true }),
    };
    const first = firstImage(images);
    const vqa = await loadPipeline('visual-question-answering', chooseModel(parsed, USUAL_MODEL), loading, first);
    const { ImageError } = await import('../../preprocessing/errors');
    const { describeNoQuestion } = await import('../../batch/table-columns');
    const isOne = questions.length === 1 && column === undefined;
    const generation = generationOptions(parsed, terminal);
    const options = { ...generation, ...candidates };
    try {
      return await forEachImage(parsed, terminal, async (image, own) => {
        const asked = [...new Set([...questions, ...own])];
        if (asked.length === 0) throw new ImageError(describeNoQuestion({ question: column }));
        if (attention !== undefined) {
          const [question] = asked;
          const traced = await vqa.trace(image, question, { ...generation, layer: parsed.number('layer') });
          const tokens = [...traced.question, ...traced.tokens];
          await writeAttention(attention, { image, tokens, title: `${question} ${traced.text}` }, terminal);
          return [{ json: { question, answer: traced.text, attention }, columns: [traced.text] }];
        }
        const answers = await vqa(image, asked, options);
        return asked.flatMap((question, i) => {
          // All that were compared would be many: the best, unless their scores are asked for
          const shown = candidates && !parsed.flag('scores') ? answers[i].slice(0, 1) : answers[i];
          return shown.map(({ answer, score, unknown_words }) => ({
            json: { question, answer, score, ...(unknown_words && { unknown_words }) },
            columns: [...(isOne ? [] : [question]), answer, ...scoreColumn(parsed, score)],
          }));
        });
      });
    } finally {
      vqa.dispose();
    }
  },
};
