// Calls of the processor, the models and the pipelines with callbacks and signals.
import * as fs from 'node:fs';
import * as path from 'node:path';
import * as lib from '../../lib';
import { CHECKPOINT as RETRIEVAL_CHECKPOINT } from '../search/retrieval-fixture';
import { exhaust, fromHub, type CallbackCases } from './callback-case';
import type { Fixtures } from './callback-fixtures';

/** Of loadFor. */
const OWN_WORK = {
  onCompiling: 'it is work of this library, which must not throw',
  onVision: 'it is work of this library, which must not throw',
};

export function modelCases(fixtures: Fixtures): CallbackCases {
  const { model, picture, question, hubId, loaded } = fixtures;
  const { processor } = loaded;
  const pixels = () => processor.image(picture);
  const generation = { max_new_tokens: 6, min_new_tokens: 6 };
  const disposed = async (result: Promise<{ dispose(): void | Promise<void> }>): Promise<void> =>
    (await result).dispose();
  const long = (words: number): string => Array<string>(words).fill('dogs').join(' ');

  return {
    'BlipProcessor.fromCheckpoint': {
      run: async (given) => {
        const made = await lib.BlipProcessor.fromCheckpoint(model, given);
        return made.text([long(600), long(700)]).dims;
      },
      immediate: ['on_warning'],
    },
    'BlipProcessor.fromPretrained': {
      run: async (given, folder) => {
        const made = await lib.BlipProcessor.fromPretrained(hubId, { ...fromHub(folder), ...given });
        return made.text([long(600), long(700)]).dims;
      },
      immediate: ['on_warning'],
    },
    'BlipTokenizer.encode': {
      run: async ({ warn }) => new lib.BlipTokenizer(model).encode([long(9), long(9)], 5, warn ?? (() => undefined)),
      immediate: ['warn'],
    },
    BlipTokenizer: {
      run: async ({ warn }, folder) => {
        for (const name of ['vocab.txt', 'tokenizer_config.json', 'config.json'])
          fs.copyFileSync(path.join(model, name), path.join(folder, name));
        fs.writeFileSync(path.join(folder, 'added_tokens.json'), JSON.stringify({ '[OTHER]': 9_999, '[MORE]': 9_000 }));
        return new lib.BlipTokenizer(folder, warn).encode(['dogs'], 5, () => undefined);
      },
      immediate: ['warn'],
    },
    'OVBlipModel.fromPretrained': {
      run: (given, folder) => disposed(lib.OVBlipModel.fromPretrained(hubId, { ...fromHub(folder), ...given })),
    },
    'OVBlipMatcher.fromPretrained': {
      run: (given) => disposed(lib.OVBlipMatcher.fromPretrained(RETRIEVAL_CHECKPOINT, given)),
    },
    'RetrievalModel.fromPretrained': {
      run: (given) => disposed(lib.RetrievalModel.fromPretrained(RETRIEVAL_CHECKPOINT, given)),
    },
    pipeline: {
      run: (given, folder) => disposed(lib.pipeline('image-to-text', hubId, { ...fromHub(folder), ...given })),
    },
    'OVBlipModel.generateCaption': {
      run: async (given) => loaded.model.generateCaption({ pixel_values: await pixels() }, { ...generation, ...given }),
    },
    'OVBlipModel.generateAnswer': {
      run: async (given) =>
        loaded.model.generateAnswer(
          { pixel_values: await pixels(), ...processor.text(question) },
          { ...generation, ...given },
        ),
    },
    'OVBlipModel.streamCaption': {
      run: async (given) =>
        exhaust(loaded.model.streamCaption({ pixel_values: await pixels() }, { ...generation, ...given })),
    },
    'OVBlipModel.streamAnswer': {
      run: async (given) =>
        exhaust(
          loaded.model.streamAnswer(
            { pixel_values: await pixels(), ...processor.text(question) },
            { ...generation, ...given },
          ),
        ),
    },
    'OVBlipModel.rankAnswers': {
      run: async (given) =>
        loaded.model.rankAnswers(
          { pixel_values: await pixels(), ...processor.text(question) },
          processor.text(['red', 'dogs', 'how many', 'dogs are red']),
          given,
        ),
    },
    'OVBlipModel.loadFor': {
      run: (given) => disposed(lib.OVBlipModel.loadFor(loaded.model.folder, {}, given)),
      silent: OWN_WORK,
    },
    'OVBlipMatcher.loadFor': {
      run: (given) => disposed(lib.OVBlipMatcher.loadFor(fixtures.retrieval, {}, given)),
      silent: OWN_WORK,
    },
    'OVBlipModel.takeTurn': {
      run: ({ signal, use }) => loaded.model.takeTurn(signal, use ?? (async () => 'done')),
      silent: { use: 'it is the work itself, whose errors are those of the call' },
    },
    'OVBlipModel.traceSequence': {
      run: async (given) => {
        const inputs = { pixel_values: await pixels() };
        const [ids] = await loaded.traced.generateCaption(inputs, generation);
        return (await loaded.traced.traceSequence(inputs, ids, given)).steps.length;
      },
    },
    traceCaption: {
      run: async (given) =>
        lib.traceCaption(loaded.traced, processor, { pixel_values: await pixels() }, { ...generation, ...given }),
    },
    traceAnswer: {
      run: async (given) =>
        lib.traceAnswer(
          loaded.traced,
          processor,
          { pixel_values: await pixels(), question },
          { ...generation, ...given },
        ),
    },
    ImageToText: { run: async (given) => loaded.captions(picture, { ...generation, ...given }) },
    'ImageToText.stream': {
      run: async (given) => exhaust(loaded.captions.stream(picture, { ...generation, ...given })),
    },
    'ImageToText.trace': {
      run: async (given) => loaded.captions.trace(picture, { ...generation, ...given }),
    },
    VisualQuestionAnswering: {
      run: async ({ progress_callback, ...given }) => {
        const { answers } = loaded;
        const ranked = { candidates: ['red', 'dogs', 'how many'], progress_callback, signal: given.signal };
        return [
          await answers(picture, question, { ...generation, ...given }),
          await answers(picture, question, ranked),
        ];
      },
    },
    'VisualQuestionAnswering.stream': {
      run: async (given) => exhaust(loaded.answers.stream(picture, question, { ...generation, ...given })),
    },
    'VisualQuestionAnswering.trace': {
      run: async (given) => loaded.answers.trace(picture, question, { ...generation, ...given }),
    },
  };
}
