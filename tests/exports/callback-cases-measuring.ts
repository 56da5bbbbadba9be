// Calls of the public functions that measure or look into models, and take a callback or a signal.
import * as path from 'node:path';
import * as lib from '../../lib';
import { askQuestions, checkAnswers, checkSearches, runSettings } from '../../lib/notebook';
import type { CallbackCases } from './callback-case';
import type { Fixtures } from './callback-fixtures';

/** An operation of the vision model. */
const NODE = 'vision_model.embeddings';

export function measuringCases(fixtures: Fixtures): CallbackCases {
  const { model, other, images, picture, samples, question, loaded } = fixtures;
  const { processor, retrieval } = loaded;
  return {
    checkPublished: {
      run: (given) =>
        lib.checkPublished(model, {
          id: 'none',
          picture,
          cases: [{ task: 'caption' }, { task: 'answer', text: 'red' }],
          ...given,
        }),
    },
    compareLatency: {
      run: (given) =>
        lib.compareLatency({ a: () => undefined }, { warmup: 1, runs: 3, ...given }).then(() => undefined),
    },
    measureLatency: {
      run: ({ fn, ...given }) =>
        lib.measureLatency(fn ?? (() => undefined), { warmup: 1, runs: 3, ...given }).then(() => undefined),
    },
    compareModels: {
      run: (given) =>
        lib.compareModels(model, other, samples, { runs: 1, warmup: 0, ...given }).then(({ captions }) => captions),
    },
    compareStages: {
      run: (given) => lib.compareStages(model, other, { picture, question, rounds: 2, ...given }).then(() => undefined),
    },
    measureStages: {
      run: (given) =>
        lib
          .measureStages(loaded.model, processor, { picture, question, runs: 2, warmup: 1, ...given })
          .then(() => undefined),
    },
    nodeOutputs: {
      run: async (given) => {
        const pixel_values = await processor.image(picture);
        const inputs = [{ pixel_values }, { pixel_values }];
        const found = await lib.nodeOutputs(path.join(model, 'blip_vision_model.xml'), inputs, [NODE], given);
        return found.length;
      },
    },
    askQuestions: {
      run: async (given) => {
        const image_embeds = await loaded.model.encodeImage({ pixel_values: await processor.image(picture) });
        const rows = await askQuestions(loaded.model, processor, {
          image_embeds,
          questions: [question, question],
          ...given,
        });
        return rows.map(({ answer }) => answer);
      },
    },
    checkAnswers: {
      run: async (given) =>
        (await checkAnswers(loaded.model, processor, { settings: runSettings({}), picture, ...given })).rows.length,
    },
    checkSearches: {
      run: async (given, folder) => {
        const index = await lib.indexImages(images, retrieval, { index_file: path.join(folder, 'index') });
        return checkSearches(index, { red: '1.png', blue: '2.png' }, given);
      },
    },
  };
}
