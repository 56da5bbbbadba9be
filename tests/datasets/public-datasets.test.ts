// Public VQA data sets as they are published, served by a hub on the loopback device (make_vqa_parquet.py made their
// files).
import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { after, afterEach, before, beforeEach, test } from 'node:test';
import {
  loadVqaSamples,
  VqaParquetError,
  VqaSourceError,
  type LoadVqaOptions,
  type VqaSample,
} from '../../lib/datasets';
import { projectRoot } from '../project-root';
import { type LoopbackHub, startHub } from './loopback-hub';

const FIXTURES = path.join(projectRoot(), 'tests/fixtures/datasets/hub');
const read = (name: string): Uint8Array => fs.readFileSync(path.join(FIXTURES, `${name}.parquet`));

let folder = '';
let hub: LoopbackHub;
before(async () => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'public-datasets-'));
  hub = await startHub();
  Object.assign(hub.repositories, {
    'lmms-lab/VQAv2': {
      files: {
        'README.md': 'x',
        'default/validation/0000.parquet': read('lmms-validation-0'),
        'default/validation/0001.parquet': read('lmms-validation-1'),
        'default/testdev/0000.parquet': read('lmms-test'),
        'default/test/0000.parquet': read('lmms-test'),
      },
      parquet: {
        default: {
          validation: ['default/validation/0000.parquet', 'default/validation/0001.parquet'],
          testdev: ['default/testdev/0000.parquet'],
          test: ['default/test/0000.parquet'],
        },
      },
    },
    'merve/vqav2-small': {
      files: { 'data/validation-00000-of-00001.parquet': read('merve-validation') },
      parquet: { default: { validation: ['data/validation-00000-of-00001.parquet'] } },
    },
    'Multimodal-Fatima/VQAv2_train': {
      files: { 'data/train-00000-of-00001-3eb8008db9fbdfab.parquet': read('fatima-train') },
      parquet: { default: { train: ['data/train-00000-of-00001-3eb8008db9fbdfab.parquet'] } },
    },
    'ReplugLens/VQAv2': {
      files: {
        'data/minival_validation-00000-of-00001.parquet': read('replug-minival'),
        'data/testdev-00000-of-00001.parquet': read('replug-test'),
        'data/test-00000-of-00001.parquet': read('replug-test'),
      },
      parquet: {
        default: {
          minival_validation: ['data/minival_validation-00000-of-00001.parquet'],
          testdev: ['data/testdev-00000-of-00001.parquet'],
          test: ['data/test-00000-of-00001.parquet'],
        },
      },
    },
    'pminervini/VQAv2': {
      files: { 'data/train-00000-of-00001.parquet': read('pminervini-train') },
      parquet: { default: { train: ['data/train-00000-of-00001.parquet'] } },
    },
    'lmms-lab/VQAv2_TOY': {
      files: { 'data/val-00000-of-00001.parquet': read('toy-val') },
      parquet: { default: { val: ['data/val-00000-of-00001.parquet'], test: ['data/val-00000-of-00001.parquet'] } },
    },
    'someone/own-files': {
      // no list by the hub: the repository's own files, by the card
      files: {
        'data/part-a.parquet': read('lmms-validation-0'),
        'data/part-b.parquet': read('lmms-validation-1'),
        'other/x.parquet': read('pminervini-train'),
      },
      configs: [
        {
          config_name: 'english',
          data_files: [
            { split: 'train', path: 'data/part-a*' },
            { split: 'dev', path: ['data/*b.parquet'] },
          ],
        },
        { config_name: 'other', data_files: 'other/*' },
      ],
    },
    'someone/images': { files: { 'README.md': 'x', 'images.zip': 'x' } },
  });
});
after(() => {
  hub.close();
  fs.rmSync(folder, { recursive: true, force: true });
});
beforeEach(() => {
  process.env.HF_ENDPOINT = hub.endpoint;
  hub.requests.length = 0;
});
afterEach(() => {
  for (const name of ['HF_ENDPOINT', 'BLIP_SPLIT', 'BLIP_CONFIG', 'BLIP_CACHE']) delete process.env[name];
});

const load = (id: string, options: LoadVqaOptions = {}) =>
  loadVqaSamples(id, { count: 1000, cache_dir: fs.mkdtempSync(path.join(folder, 'cache-')), ...options });

/** Both parts: their rows are all rows that the split has, and no image is in both. */
async function divided(id: string, rows: number, options: LoadVqaOptions = {}): Promise<readonly VqaSample[]> {
  const [train, val] = [
    await load(id, { ...options, split: 'train' }),
    await load(id, { ...options, split: 'val', seed: 7 }),
  ];
  assert.ok(
    train.samples.length > val.samples.length && val.samples.length > 0,
    `${train.samples.length}, ${val.samples.length}`,
  );
  assert.equal(train.samples.length + val.samples.length, rows);
  const images = (samples: readonly VqaSample[]) =>
    samples.map(({ image }) => fs.readFileSync(String(image), 'base64'));
  const [mine, others] = [new Set(images(train.samples)), images(val.samples)];
  assert.ok(others.every((image) => !mine.has(image)));
  assert.ok(val.samples.every(({ image_id }) => train.samples.every((one) => one.image_id !== image_id)));
  assert.equal(train.skipped.total + val.skipped.total, 0);
  return [...train.samples, ...val.samples];
}

test('lmms-lab/VQAv2: validation alone has answers, and is divided', async () => {
  const samples = await divided('lmms-lab/VQAv2', 120);
  const sample = samples.find(({ question_id }) => question_id === '2001001');
  assert.ok(sample);
  const { image, ...rest } = sample;
  assert.deepEqual(rest, {
    image_id: '2001',
    question_id: '2001001',
    question: 'how many é in 4?',
    answers: Array.from({ length: 10 }, () => '4'),
    question_type: 'how many',
  });
  assert.ok(fs.existsSync(String(image)));
  assert.match((await load('lmms-lab/VQAv2', { count: 5 })).source, /^lmms-lab\/VQAv2, split validation$/);
  await assert.rejects(
    load('lmms-lab/VQAv2', { hub_split: 'testdev' }),
    (error: unknown) =>
      error instanceof VqaParquetError &&
      /lmms-lab\/VQAv2, split testdev: none of \d+ rows.*\d+ × no answers \(0000\.parquet, row \d+: no answers/.test(
        error.message,
      ),
  );
});

test('images that repeat are shown once before any is shown twice', async () => {
  const { samples } = await load('lmms-lab/VQAv2', { count: 6 });
  assert.equal(new Set(samples.map(({ image_id }) => image_id)).size, 6);
});

test('merve/vqav2-small: no ids, one answer', async () => {
  const samples = await divided('merve/vqav2-small', 50);
  assert.ok(
    samples.every(({ answers, question }) => answers.length === 1 && question === `how many é in ${answers[0]}?`),
  );
  assert.equal(new Set(samples.map(({ image_id }) => image_id)).size, 17);
  assert.equal(new Set(samples.map(({ question_id }) => question_id)).size, 50);
});

test('Multimodal-Fatima/VQAv2_train: lists of strings, id_image, many other columns', async () => {
  const samples = await divided('Multimodal-Fatima/VQAv2_train', 30);
  const sample = samples.find(({ question_id }) => question_id === '5002000');
  assert.equal(sample?.image_id, '5002');
  assert.deepEqual(
    sample?.answers,
    Array.from({ length: 10 }, () => '6'),
  );
});

test('ReplugLens/VQAv2: minival_validation serves without being named, by option, and by BLIP_SPLIT', async () => {
  await divided('ReplugLens/VQAv2', 30);
  await divided('ReplugLens/VQAv2', 30, { hub_split: 'minival_validation' });
  process.env.BLIP_SPLIT = 'minival_validation';
  const samples = await divided('ReplugLens/VQAv2', 30);
  assert.equal(samples.find(({ question_id }) => question_id === '6004001')?.image_id, '6004');
  process.env.BLIP_SPLIT = 'minival_validation,test';
  assert.equal((await load('ReplugLens/VQAv2', { split: 'train' })).samples.length, 30); // undivided
  await assert.rejects(
    load('ReplugLens/VQAv2', { split: 'val' }),
    /split test: none of 12 rows can be used: 12 × no answers/,
  );
  process.env.BLIP_SPLIT = 'minival';
  await assert.rejects(
    load('ReplugLens/VQAv2'),
    /no split "minival"; it has minival_validation, testdev, test\. .*BLIP_SPLIT/,
  );
  process.env.BLIP_SPLIT = 'a,b,c';
  await assert.rejects(load('ReplugLens/VQAv2'), VqaSourceError);
});

test('columns that are missing are told with those that are there, and how to name them', async () => {
  await assert.rejects(load('pminervini/VQAv2'), (error: unknown) => {
    assert.ok(error instanceof VqaParquetError);
    assert.match(
      error.message,
      /has no column "image".*option columns, such as \{ columns: \{ image: '…' \} \}; it has: question_type, /,
    );
    return true;
  });
  await assert.rejects(
    load('lmms-lab/VQAv2_TOY'),
    /has no column "answers".*it has: image_id, question, question_id, image\.$/,
  );
});

for (const [status, said] of [
  [404, /arbitrary Python code/],
  [501, /made by a script/], // a server's error, which is asked again for a while
] as const)
  test(`a data set that is only a script is told as that at once (${status})`, async () => {
    const id = `HuggingFaceM4/VQAv2-${status}`;
    const message = "The dataset viewer doesn't support this dataset because it runs arbitrary Python code.";
    hub.repositories[id] = {
      files: { '.gitattributes': 'x', 'README.md': 'x', 'VQAv2.py': 'x' },
      parquetError: { status, code: 'DatasetWithScriptNotSupportedError', message },
    };
    await assert.rejects(load(id), (error: unknown) => {
      assert.ok(error instanceof VqaParquetError && said.test(error.message), String(error));
      assert.match(
        error.message,
        /HuggingFaceM4\/VQAv2-\d+ has no parquet files: .*a script, VQAv2\.py.*Choose a data set in parquet/,
      );
      return true;
    });
    const asked = hub.requests.filter((line) => line.endsWith('/parquet')).length;
    assert.ok(asked < 5, `${asked} times`); // as often as for other errors of a server
    assert.ok(hub.requests.every((line) => !line.includes('/resolve/')));
  });

test('a data set without parquet files is told with what it has', async () => {
  await assert.rejects(load('someone/images'), /someone\/images has no parquet files; it has README\.md, images\.zip/);
});

test("a repository's own files: by its card, and at a revision", async () => {
  const [train, val] = [
    await load('someone/own-files', { config: 'english' }),
    await load('someone/own-files', { config: 'english', split: 'val' }),
  ];
  assert.deepEqual([train.samples.length, val.samples.length], [60, 60]);
  process.env.BLIP_CONFIG = 'english';
  assert.equal((await load('someone/own-files@refs/pr/3')).samples.length, 60);
  assert.ok(hub.requests.includes('/api/datasets/someone/own-files/revision/refs%2Fpr%2F3'), hub.requests.join('\n'));
  delete process.env.BLIP_CONFIG;
  await assert.rejects(load('someone/own-files'), /has no config "default"; it has english, other.*BLIP_CONFIG/);
  assert.equal(
    (await load('ReplugLens/VQAv2', { revision: 'main', hub_split: { train: 'minival_validation', val: 'test' } }))
      .samples.length,
    30,
  );
  assert.ok(
    hub.requests.some((line) => line.includes('/resolve/0123456789abcdef')),
    'files are read at the commit',
  );
  await assert.rejects(load('someone/own-files', { revision: 'missing' }), /missing/);
});

test('another commit is another request: what is cached of the old one is not taken', async () => {
  const cache_dir = fs.mkdtempSync(path.join(folder, 'cache-'));
  await load('merve/vqav2-small', { cache_dir, count: 3 });
  hub.requests.length = 0;
  await load('merve/vqav2-small', { cache_dir, count: 3 });
  assert.ok(!hub.requests.some((line) => line.includes('/resolve/')), hub.requests.join('\n'));
  const known = hub.repositories['merve/vqav2-small'];
  hub.repositories['merve/vqav2-small'] = { ...known, commit: 'f'.repeat(40) };
  await load('merve/vqav2-small', { cache_dir, count: 3 });
  assert.ok(hub.requests.some((line) => line.includes('/resolve/')));
  hub.repositories['merve/vqav2-small'] = known;
});

test('the cache folder is that of the library', async () => {
  process.env.BLIP_CACHE = path.join(folder, 'own-cache');
  await loadVqaSamples('merve/vqav2-small', { count: 2 });
  assert.ok(fs.readdirSync(path.join(folder, 'own-cache', 'datasets')).some((name) => name.startsWith('vqa-')));
});

test('a list of files that names none of the web is not followed', async () => {
  const file = path.join(FIXTURES, 'lmms-validation-0.parquet');
  hub.repositories['someone/evil'] = { files: {}, parquet: { default: { train: [file] } } };
  await assert.rejects(
    load('someone/evil'),
    (error: unknown) => error instanceof VqaParquetError && /got no lists of parquet files/.test(error.message),
  );
});

test('a mirror that passes on the list of the hub itself: its files come from the mirror', async () => {
  const name = 'default/train/0000.parquet';
  const address = `https://huggingface.co/datasets/someone/mirrored/resolve/refs%2Fconvert%2Fparquet/${name}`;
  hub.repositories['someone/mirrored'] = {
    files: { [name]: read('merve-validation') },
    parquet: { default: { train: [address] } },
  };
  const { samples } = await load('someone/mirrored');
  assert.ok(samples.length > 0);
});
