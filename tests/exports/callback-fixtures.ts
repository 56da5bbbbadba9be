// What calls with callbacks and signals work on: small models, images and data sets, a hub on the loopback device, and
// a stand-in for NNCF's worker.
import * as fs from 'node:fs';
import * as path from 'node:path';
import { loadCheckpoint } from '../../lib/checkpoint';
import { convertBlip } from '../../lib/convert';
import type { VqaSample } from '../../lib/datasets';
import { OVBlipModel } from '../../lib/generation';
import { pipeline, type ImageToText, type VisualQuestionAnswering } from '../../lib/pipelines';
import { BlipProcessor } from '../../lib/preprocessing';
import { RetrievalModel } from '../../lib/search';
import { ID, LoopbackHub, type HubContent } from '../hub/loopback-hub';
import { writeStandInWorker } from '../optimize/stand-in-worker';
import { makeSamples, makeTinyModel, QUESTION, writePreprocessor } from '../optimize/tiny-model';
import { projectRoot } from '../project-root';
import { CHECKPOINT as RETRIEVAL, convert, writeImage } from '../search/retrieval-fixture';
import { writeVocabulary } from '../write-vocabulary';

export interface Fixtures {
  readonly work: string;
  /** A checkpoint, as a folder. */
  readonly checkpoint: string;
  /** The same, converted; `other` has its weights in FP32, `traced` tells attention. */
  readonly model: string;
  readonly other: string;
  readonly traced: string;
  readonly retrieval: string;
  /** Images, of which `broken.png` is none. */
  readonly images: string;
  readonly picture: string;
  readonly samples: readonly VqaSample[];
  readonly question: string;
  /** An interpreter for NNCF that copies graphs. */
  readonly python: string;
  readonly hub: LoopbackHub;
  readonly hubContent: HubContent;
  readonly hubId: string;
  readonly loaded: {
    readonly model: OVBlipModel;
    readonly traced: OVBlipModel;
    readonly processor: BlipProcessor;
    readonly retrieval: RetrievalModel;
    readonly captions: ImageToText;
    readonly answers: VisualQuestionAnswering;
  };
  close(): Promise<void>;
}

const PICTURES = 5;

export async function makeFixtures(work: string): Promise<Fixtures> {
  const at = (name: string): string => path.join(work, name);
  const model = await makeTinyModel(at('model'));
  const checkpoint = copyCheckpoint(at('checkpoint'));
  const convertTo = async (folder: string, options: object): Promise<string> => {
    const opened = await loadCheckpoint(checkpoint);
    await convertBlip(opened, folder, options).finally(() => opened.close());
    return folder;
  };
  const other = await convertTo(at('other'), { compress_to_fp16: false });
  const traced = await convertTo(at('traced'), { output_attentions: true });
  const retrieval = await convert(RETRIEVAL, at('retrieval'));
  const images = at('images');
  for (let i = 0; i < PICTURES; i++) await writeImage(path.join(images, `${i}.png`), i);
  fs.writeFileSync(path.join(images, 'broken.png'), 'no image');
  fs.writeFileSync(path.join(images, 'broken-too.png'), 'no image');
  const python = at('stand-in-worker');
  writeStandInWorker(python, 5);
  const hub = await LoopbackHub.start();
  const names = fs.readdirSync(checkpoint);
  const hubContent = {
    files: {
      ...Object.fromEntries(names.map((name) => [name, fs.readFileSync(path.join(checkpoint, name))])),
      'demo.png': fs.readFileSync(path.join(images, '0.png')),
    },
    large: ['model.safetensors'],
  };
  hub.content = hubContent;
  const loaded = {
    model: await OVBlipModel.load(model),
    traced: await OVBlipModel.load(traced),
    processor: await BlipProcessor.fromCheckpoint(model),
    retrieval: await RetrievalModel.fromPretrained(retrieval),
    captions: await pipeline('image-to-text', traced),
    answers: await pipeline('visual-question-answering', traced),
  };
  return {
    work,
    checkpoint,
    model,
    other,
    traced,
    retrieval,
    images,
    picture: path.join(images, '0.png'),
    samples: await makeSamples(PICTURES),
    question: QUESTION,
    python,
    hub,
    hubContent,
    hubId: ID,
    loaded,
    close: async () => {
      const { model, traced, retrieval, captions, answers } = loaded;
      for (const each of [model, traced, retrieval, captions, answers]) each.dispose();
      await hub.stop();
    },
  };
}

/** The random checkpoint `vqa-f16` with what a repository has besides weights. */
function copyCheckpoint(folder: string): string {
  const source = path.join(projectRoot(), 'tests', 'fixtures', 'checkpoints', 'vqa-f16');
  fs.mkdirSync(folder);
  for (const name of ['config.json', 'model.safetensors'])
    fs.copyFileSync(path.join(source, name), path.join(folder, name));
  writeVocabulary(folder, [...QUESTION.slice(0, -1).split(' '), '?']);
  const config: { text_config: { bos_token_id: number } } = JSON.parse(
    fs.readFileSync(path.join(folder, 'config.json'), 'utf8'),
  );
  const bos_token = `[unused${config.text_config.bos_token_id}]`;
  fs.writeFileSync(path.join(folder, 'tokenizer_config.json'), JSON.stringify({ bos_token }));
  writePreprocessor(folder, {});
  return folder;
}
