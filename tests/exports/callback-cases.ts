// One call of each public function that takes a callback or a signal, small enough to be run many times.
import * as fs from 'node:fs';
import * as path from 'node:path';
import * as lib from '../../lib';
import { GraphBuilder, writeIR } from '../../lib/ir';
import { demoPicture, runSettings } from '../../lib/notebook';
import { projectRoot } from '../project-root';
import { CHECKPOINT as RETRIEVAL_CHECKPOINT } from '../search/retrieval-fixture';
import type { Fixtures } from './callback-fixtures';

/**
 * Callbacks and signals by the path of their option or argument, such as `generation.signal`. Their types differ:
 * `never` fits all.
 */
export type Given = Readonly<Record<string, never>>;

export interface CallbackCase {
  /** @param folder a new one for each call */
  readonly run: (given: Given, folder: string) => Promise<unknown>;
  /** For those that the call below does not call: why. */
  readonly silent?: Readonly<Record<string, string>>;
  /** Callbacks of calls that cannot wait: one that returns a promise is refused by name. */
  readonly immediate?: readonly string[];
}

async function exhaust(items: AsyncIterable<unknown>): Promise<unknown[]> {
  const all: unknown[] = [];
  for await (const item of items) all.push(item);
  return all;
}

function summary({ done, failures }: lib.BatchSummary): unknown {
  return { done, failures };
}

async function loadPipelines(
  folder: string,
): Promise<{ readonly captions: lib.ImageToText; readonly answers: lib.VisualQuestionAnswering }> {
  const answers = await lib.pipeline('visual-question-answering', folder);
  return { captions: await lib.pipeline('image-to-text', folder), answers };
}

export function callbackCases(fixtures: Fixtures): Readonly<Record<string, CallbackCase>> {
  const { checkpoint, model, other, images, picture, samples, question, hubId, python } = fixtures;
  const { loaded } = fixtures;
  const { processor, retrieval } = loaded;
  const scenes = path.join(projectRoot(), 'data', 'vqa-scenes');
  const parquet = path.join(projectRoot(), 'tests', 'fixtures', 'datasets', 'vqa.parquet');
  const pixels = () => processor.image(picture);
  const generation = { max_new_tokens: 6, min_new_tokens: 6 };
  const fromHub = (folder: string) => ({ cache_dir: path.join(folder, 'hub') });
  const opened = async <T>(call: (checkpoint: lib.BlipCheckpoint) => Promise<T>): Promise<T> => {
    const source = await lib.loadCheckpoint(checkpoint);
    return call(source).finally(() => source.close());
  };
  const disposed = async (result: Promise<{ dispose(): void | Promise<void> }>): Promise<void> =>
    (await result).dispose();
  const pipelines = loadPipelines(fixtures.traced);
  const long = (words: number): string => Array<string>(words).fill('dogs').join(' ');
  const task = (folder: string) => ({
    name: 'vision_model',
    action: 'compress_weights' as const,
    model: path.join(model, 'blip_vision_model.xml'),
    output: path.join(folder, 'blip_vision_model.xml'),
    parameters: { mode: 'INT8_ASYM' as const },
  });

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
      silent: { onCompiling: 'it is work of this library, which must not throw' },
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
    ImageToText: { run: async (given) => (await pipelines).captions(picture, { ...generation, ...given }) },
    'ImageToText.stream': {
      run: async (given) => exhaust((await pipelines).captions.stream(picture, { ...generation, ...given })),
    },
    'ImageToText.trace': {
      run: async (given) => (await pipelines).captions.trace(picture, { ...generation, ...given }),
    },
    VisualQuestionAnswering: {
      run: async ({ progress_callback, ...given }) => {
        const { answers } = await pipelines;
        const ranked = { candidates: ['red', 'dogs', 'how many'], progress_callback, signal: given.signal };
        return [
          await answers(picture, question, { ...generation, ...given }),
          await answers(picture, question, ranked),
        ];
      },
    },
    'VisualQuestionAnswering.stream': {
      run: async (given) => exhaust((await pipelines).answers.stream(picture, question, { ...generation, ...given })),
    },
    'VisualQuestionAnswering.trace': {
      run: async (given) => (await pipelines).answers.trace(picture, question, { ...generation, ...given }),
    },
    askFolder: {
      run: async (given, folder) =>
        summary(
          await lib.askFolder(images, [question], { model, output: path.join(folder, 'answers.jsonl'), ...given }),
        ),
    },
    captionFolder: {
      run: async (given, folder) =>
        summary(await lib.captionFolder(images, { model, output: path.join(folder, 'captions.jsonl'), ...given })),
    },
    embedFolder: {
      run: async (given, folder) =>
        summary(
          await lib.embedFolder(images, {
            model: fixtures.retrieval,
            output: path.join(folder, 'features.jsonl'),
            ...given,
          }),
        ),
    },
    indexImages: {
      run: async (given, folder) =>
        (await lib.indexImages(images, retrieval, { index_file: path.join(folder, 'index'), ...given })).images,
    },
    indexTexts: {
      run: async (given) =>
        (
          await lib.indexTexts(
            Array.from({ length: 70 }, (_, i) => `${i}`),
            retrieval,
            given,
          )
        ).features,
    },
    searchImages: {
      run: async (given, folder) => {
        fs.cpSync(images, path.join(folder, 'images'), { recursive: true });
        const index = await lib.indexImages(path.join(folder, 'images'), retrieval);
        for (const name of ['1.png', '2.png']) fs.rmSync(path.join(folder, 'images', name));
        return (await lib.searchImages(index, 'red', { on_warning: () => undefined, ...given })).length;
      },
    },
    searchTexts: {
      run: async (given) => {
        const texts = await lib.indexTexts(
          Array.from({ length: 70 }, (_, i) => `${i}`),
          retrieval,
        );
        return lib.searchTexts(texts, picture, { rerank: 70, ...given });
      },
    },
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
      run: ({ onRound }) =>
        lib.compareLatency({ a: () => undefined }, { warmup: 1, runs: 3, onRound }).then(() => undefined),
    },
    measureLatency: {
      run: ({ fn }) => lib.measureLatency(fn ?? (() => undefined), { warmup: 1, runs: 3 }).then(() => undefined),
    },
    compareModels: {
      run: (given) =>
        lib.compareModels(model, other, samples, { runs: 1, warmup: 0, ...given }).then(({ captions }) => captions),
    },
    compareStages: {
      run: (given) => lib.compareStages(model, other, { picture, question, rounds: 2, ...given }).then(() => undefined),
    },
    convertBlip: {
      run: (given, folder) =>
        opened(async (source) => (await lib.convertBlip(source, path.join(folder, 'out'), given)).clamped),
      silent: { on_warning: 'no weight is clamped: tests/convert/weight-values.test.ts' },
    },
    convertOnce: {
      run: ({ check, ...given }, folder) => lib.convertOnce(hubId, { ...fromHub(folder), ...given }, check),
    },
    modelCacheFolder: {
      run: (given, folder) => lib.modelCacheFolder(hubId, { ...fromHub(folder), ...given }),
    },
    demoPicture: {
      run: (given) => {
        const address = `${fixtures.hub.address('hub')}/${hubId}/resolve/main/demo.png`;
        fixtures.hub.content = {
          ...fixtures.hubContent,
          rules: [{ path: 'demo.png', times: 1, status: 503, headers: { 'Retry-After': '1' } }],
        };
        return demoPicture({ ...runSettings({}), picture: address }, given).then((file) => path.basename(file));
      },
    },
    downloadSnapshot: {
      run: ({ check, ...given }, folder) =>
        lib
          .downloadSnapshot(
            hubId,
            {
              files: ['config.json', 'vocab.txt', 'preprocessor_config.json'].map((name) => ({ name, required: true })),
              weights: [{ name: 'model.safetensors' }],
              check: check ?? (() => undefined),
            },
            { ...fromHub(folder), ...given },
          )
          .then((snapshot) => path.basename(snapshot)),
    },
    loadCheckpoint: {
      run: async (given, folder) => {
        const source = await lib.loadCheckpoint(hubId, { ...fromHub(folder), ...given });
        source.close();
        return source.id;
      },
    },
    loadVqaParquet: {
      run: async (given, folder) =>
        (await lib.loadVqaParquet([parquet], { count: 5, cache_dir: folder, ...given })).samples.length,
    },
    loadVqaSamples: {
      run: async (given) => (await lib.loadVqaSamples(scenes, { count: 5, ...given })).samples,
    },
    loadVqaV2: {
      run: async (given) => (await lib.loadVqaV2(lib.findVqaV2(scenes, 'val'), { count: 5, ...given })).samples,
    },
    quantizeBlip: {
      run: async (given, folder) =>
        (await lib.quantizeBlip(model, samples, path.join(folder, 'int8'), given)).calibration,
    },
    runNncfWorker: {
      run: (given, folder) => lib.runNncfWorker([task(folder)], { python, ...given }),
    },
    verifyCheckpoint: {
      run: async (given) =>
        (await exhaust(lib.verifyCheckpoint(checkpoint, { picture: false, int8: false, runs: 0, ...given }))).length,
    },
    verifyModelFolder: {
      run: async (given) => (await lib.verifyModelFolder(model, given)).files,
    },
    writeIR: {
      run: async (given, folder) => {
        const g = new GraphBuilder('sums');
        const x = g.parameter('x', 'f32', [1]);
        const constants = [1, 2, 3].map((value) =>
          g.constant(`c${value}`, 'f32', [1], { key: `c${value}`, bytes: () => new Uint8Array(4).fill(value) }),
        );
        g.result(
          'y',
          constants.reduce((sum, each, i) => g.add(sum, each, `s${i}`), x),
        );
        return (await writeIR(g, path.join(folder, 'sums.xml'), given)).binBytes;
      },
    },
  };
}
