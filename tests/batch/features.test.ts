// embedFolder on the bundled retrieval model: rows are the features of single images, tables are those that pyarrow
// read, and batches go on, divide and fail as captions do.
import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import * as path from 'node:path';
import { before, describe, test } from 'node:test';
import { BlipProcessor, embedFolder, OVBlipMatcher, type EmbedFolderOptions } from '../../lib';
import { writeParquet } from '../../lib/batch/write-table';
import { runCli, temporaryFolder } from '../cli/run-cli';

const FIXTURES = path.resolve('tests', 'fixtures', 'batch');
const PICTURES = path.resolve('data', 'pictures');
const work = temporaryFolder();
process.env.BLIP_CACHE = path.join(work, 'cache');
const model = path.resolve('models', 'blip-scenes-itm');
const properties = { INFERENCE_PRECISION_HINT: 'f32' };
const optionsOf = (name: string): EmbedFolderOptions => ({ model, properties, output: path.join(work, name) });

interface Row {
  readonly image: string;
  readonly features: readonly number[];
  readonly score?: number;
}

function rowsOf(file: string): Row[] {
  const lines = fs.readFileSync(path.join(work, file), 'utf8').trimEnd().split('\n');
  return lines.map((line) => JSON.parse(line));
}

/** Of single images, by the file's name. */
const single = new Map<string, Float32Array>();

before(async () => {
  const matcher = await OVBlipMatcher.fromPretrained(model, { properties });
  const processor = await BlipProcessor.fromCheckpoint(matcher.folder);
  for (const name of fs.readdirSync(PICTURES).filter((file) => file.endsWith('.jpg')))
    single.set(
      name,
      (await matcher.getImageFeatures({ pixel_values: await processor.image(path.join(PICTURES, name)) })).data.slice(),
    );
  matcher.dispose();
});

describe('features of a folder', () => {
  test('are those of single images at any batch size, and are not made twice', async () => {
    for (const batch_size of [1, 3]) {
      const options = { ...optionsOf(`batch-${batch_size}.jsonl`), batch_size };
      const { done, failures } = await embedFolder(PICTURES, options);
      assert.deepEqual([done, failures], [8, []]);
      for (const { image, features, score } of rowsOf(`batch-${batch_size}.jsonl`)) {
        const expected = single.get(path.basename(image));
        assert.equal(features.length, expected?.length);
        assert.equal(score, undefined);
        // The order of summation differs between batches, in f32
        features.forEach((number, i) => assert.ok(Math.abs(number - (expected?.[i] ?? Number.NaN)) < 1e-5, image));
      }
      const again = await embedFolder(PICTURES, options);
      assert.deepEqual([again.done, again.skipped], [0, 8]);
    }
  });

  test('of shards are the whole, each image once; a bad file is a failure', async () => {
    const folder = path.join(work, 'photos');
    fs.cpSync(PICTURES, folder, { recursive: true });
    fs.writeFileSync(path.join(folder, 'broken.jpg'), 'no image');
    const images: string[] = [];
    let failed = 0;
    for (const index of [0, 1]) {
      const { failures } = await embedFolder(folder, { ...optionsOf('part.jsonl'), shard: { index, count: 2 } });
      failed += failures.length;
      images.push(...rowsOf(`part-0000${index}-of-00002.jsonl`).map(({ image }) => path.basename(image)));
    }
    assert.deepEqual([images.sort(), failed], [[...single.keys()].sort(), 1]);
  });

  test('parquet: the file whose rows pyarrow and numpy read', async () => {
    const output = path.join(work, 'fixed.parquet');
    await writeParquet({ journal: path.join(FIXTURES, 'features.jsonl'), output, rows: 'features', shard: undefined });
    assert.deepEqual(fs.readFileSync(output), fs.readFileSync(path.join(FIXTURES, 'features.parquet')));
  });

  test('a row whose features are no numbers is refused', async () => {
    const output = path.join(work, 'batch-1.jsonl');
    const before = fs.readFileSync(output, 'utf8');
    const damaged = before.replace(/"features":\[[^\]]*\]/, '"features":["a"]');
    fs.writeFileSync(path.join(work, 'damaged.jsonl'), damaged);
    await assert.rejects(embedFolder(PICTURES, optionsOf('damaged.jsonl')), /damaged\.jsonl, line 1/);
  });

  test('wrong calls are refused, before anything is written', async () => {
    const wrong: [object, RegExp][] = [
      [{ output: path.join(work, 'x.csv') }, /x\.csv.*features\.parquet/],
      [{ output: undefined }, /output.*missing/],
      [{ generation: {} }, /generation/],
      [{ model: path.resolve('models', 'blip-scenes') }, /blip-scenes.*retrieval/],
      [{ prompt: 'a' }, /prompt/],
    ];
    for (const [options, message] of wrong)
      await assert.rejects(embedFolder(PICTURES, { ...optionsOf('wrong.jsonl'), ...options }), message);
  });

  test('aborted: what is done is kept', async () => {
    const stop = new AbortController();
    const progress_callback = ({ status, loaded = 0 }: { status: string; loaded?: number }): void => {
      if (status === 'features' && loaded >= 1) stop.abort(new Error('enough'));
    };
    const options = { ...optionsOf('aborted.jsonl'), batch_size: 1, memory_limit: 2 ** 24 };
    await assert.rejects(embedFolder(PICTURES, { ...options, progress_callback, signal: stop.signal }), /enough/);
    const kept = rowsOf('aborted.jsonl').length;
    assert.ok(kept >= 1);
    assert.equal((await embedFolder(PICTURES, options)).skipped, kept);
  });

  test('the command', async () => {
    const env = { BLIP_CACHE: path.join(work, 'cache'), BLIP_MODEL: model };
    const { status, stderr } = await runCli(['features', '-o', 'cli.parquet', PICTURES], { env, cwd: work });
    assert.equal(status, 0, stderr);
    assert.match(stderr, /cli\.parquet: 8 images done/);
    const refused = await runCli(['features', PICTURES], { env, cwd: work });
    assert.deepEqual([refused.status, /--output is missing/.test(refused.stderr)], [2, true]);
  });
});
