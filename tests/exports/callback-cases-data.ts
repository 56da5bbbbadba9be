// Calls on folders of images, indexes, data sets and the hub with callbacks and signals.
import * as fs from 'node:fs';
import * as path from 'node:path';
import * as lib from '../../lib';
import { demoPicture, runSettings } from '../../lib/notebook';
import { projectRoot } from '../project-root';
import { fromHub, type CallbackCases } from './callback-case';
import type { Fixtures } from './callback-fixtures';

function summary({ done, failures }: lib.BatchSummary): unknown {
  return { done, failures };
}

export function dataCases(fixtures: Fixtures): CallbackCases {
  const { model, images, picture, question, hubId, loaded } = fixtures;
  const { retrieval } = loaded;
  const scenes = path.join(projectRoot(), 'data', 'vqa-scenes');
  const parquet = path.join(projectRoot(), 'tests', 'fixtures', 'datasets', 'vqa.parquet');

  return {
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
  };
}
