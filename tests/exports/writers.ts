// What writes into a folder that others may write into at the same time: by name, so that a child process can do the
// same. Each gives what it returned, without times and places.
import * as fs from 'node:fs';
import * as path from 'node:path';
import * as lib from '../../lib';
import { readResults, saveResults } from '../../lib/notebook';
import { projectRoot } from '../project-root';

/** Folders that the writers read from. */
export interface WriterSources {
  readonly model: string;
  readonly checkpoint: string;
  readonly retrieval: string;
  readonly images: string;
  readonly hubId: string;
}

export interface Writer {
  /** @param who `a` or `b` */
  readonly run: (folder: string, sources: WriterSources, who: string) => Promise<unknown>;
  /** Reads what is there afterwards; both must have left the same as one alone. */
  readonly read: (folder: string, sources: WriterSources) => Promise<unknown>;
}

const PARQUET = path.join(projectRoot(), 'tests', 'fixtures', 'datasets', 'vqa.parquet');
const SAMPLES = 8;

async function rowsOf(file: string): Promise<unknown> {
  const text = fs.readFileSync(file, 'utf8');
  assertWhole(text, file);
  const rows = text
    .trimEnd()
    .split('\n')
    .map((line): Record<string, unknown> => JSON.parse(line));
  return rows.map(({ time, ...row }) => ({ ...row, hasTime: typeof time })).sort(byName);
}

function assertWhole(text: string, file: string): void {
  if (!text.endsWith('\n')) throw new Error(`${file}: ends in the middle of a line`);
}

function byName(a: Record<string, unknown>, b: Record<string, unknown>): number {
  return String(a.image) < String(b.image) ? -1 : 1;
}

async function copyImages(images: string, folder: string): Promise<string> {
  const target = path.join(folder, 'images');
  try {
    fs.mkdirSync(target);
  } catch {
    return target; // the other one, or an earlier round, made it
  }
  for (const name of fs.readdirSync(images)) {
    fs.copyFileSync(path.join(images, name), path.join(target, `${name}.part`));
    fs.utimesSync(path.join(target, `${name}.part`), 1_700_000_000, 1_700_000_000);
    fs.renameSync(path.join(target, `${name}.part`), path.join(target, name));
  }
  return target;
}

const quiet = { on_failure: (): void => undefined };

export const WRITERS: Readonly<Record<string, Writer>> = {
  'index of a search': {
    run: async (folder, { retrieval, images }) => {
      const model = await lib.RetrievalModel.fromPretrained(retrieval);
      try {
        const { length } = await lib.indexImages(images, model, { index_file: path.join(folder, 'index') });
        return length;
      } finally {
        model.dispose();
      }
    },
    read: async (folder, { retrieval, images }) => {
      const model = await lib.RetrievalModel.fromPretrained(retrieval);
      const { images: held, features } = await lib.openImageIndex(images, model, {
        index_file: path.join(folder, 'index'),
      });
      model.dispose();
      return { held, features: [...features] };
    },
  },
  'results of a notebook': {
    run: async (folder, _sources, who) => {
      process.env.BLIP_OUTPUT = folder;
      for (let round = 0; round < 40; round++) saveResults('convert', { model: 'm', [`${who}${round}`]: round });
      return 'saved';
    },
    read: async (folder) => {
      process.env.BLIP_OUTPUT = folder;
      return Object.keys(readResults('convert', { model: 'm' })).length;
    },
  },
  'table of captions': {
    run: async (folder, { model, images }) =>
      (await lib.captionFolder(images, { model, output: path.join(folder, 'captions.jsonl'), ...quiet })).failures,
    read: (folder) => rowsOf(path.join(folder, 'captions.jsonl')),
  },
  'table of answers through a link': {
    run: async (folder, { model, images }, who) => {
      const link = path.join(folder, `link-${who}.jsonl`);
      fs.symlinkSync(path.join(folder, 'answers.jsonl'), link);
      return (await lib.askFolder(images, ['how many dogs are red?'], { model, output: link, ...quiet })).failures;
    },
    read: (folder) => rowsOf(path.join(folder, 'answers.jsonl')),
  },
  'caption files': {
    run: async (folder, { model, images }) => {
      const target = await copyImages(images, folder);
      await new Promise((resolve) => setTimeout(resolve, 200)); // until both see all images
      return (await lib.captionFolder(target, { model, ...quiet })).failures.length;
    },
    read: async (folder) => {
      const target = path.join(folder, 'images');
      const texts = fs.readdirSync(target).filter((name) => name.endsWith('.txt'));
      return {
        texts: texts.map((name) => [name, fs.readFileSync(path.join(target, name), 'utf8')]),
        rows: await rowsOf(path.join(target, '.blip-captions.jsonl')),
      };
    },
  },
  'samples of a data set': {
    run: async (folder) => {
      const { samples } = await lib.loadVqaParquet([PARQUET], { count: SAMPLES, cache_dir: folder });
      return samples.map(({ question_id, question }) => `${question_id} ${question}`);
    },
    read: async (folder) => {
      const { samples } = await lib.loadVqaParquet([PARQUET], { count: SAMPLES, cache_dir: folder });
      return samples.map(
        ({ question_id, question, image }) => `${question_id} ${question} ${path.basename(String(image))}`,
      );
    },
  },
  'cache of the hub': {
    run: async (folder, { hubId }) => {
      const checkpoint = await lib.loadCheckpoint(hubId, { cache_dir: path.join(folder, 'hub') });
      checkpoint.close();
      return checkpoint.parameterCounts;
    },
    read: async (folder, { hubId }) => {
      const source = { cache_dir: path.join(folder, 'hub'), local_files_only: true };
      const checkpoint = await lib.loadCheckpoint(hubId, source);
      checkpoint.close();
      return [...checkpoint.tensors.keys()];
    },
  },
  'cache of converted models': {
    run: async (_folder, { checkpoint }) => path.basename(await lib.convertOnce(checkpoint)),
    read: async (_folder, { checkpoint }) =>
      Object.entries((await lib.verifyModelFolder(await lib.convertOnce(checkpoint))).files),
  },
  'folder of a model': {
    run: async (folder, { checkpoint }) => {
      const source = await lib.loadCheckpoint(checkpoint);
      await lib.convertBlip(source, path.join(folder, 'model')).finally(() => source.close());
      return 'converted';
    },
    read: async (folder) => (await lib.verifyModelFolder(path.join(folder, 'model'))).files,
  },
};
