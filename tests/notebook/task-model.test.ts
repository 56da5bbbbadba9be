// One way to hold a model of any task, and what each can show: a VQA, a captioning and a retrieval checkpoint, small
// and random.
import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { inspect } from 'node:util';
import { after, before, describe, it } from 'node:test';
import { loadCheckpoint } from '../../lib/checkpoint';
import { convertBlip } from '../../lib/convert';
import { sampleText } from '../../lib/datasets';
import { checkPublished, compareModels, measureStages, type PublishedCase } from '../../lib/evaluation';
import {
  accuracyRows,
  can,
  cannot,
  TaskError,
  writerOf,
  agreementLines,
  canAnswer,
  canCaption,
  canMatch,
  changedTables,
  checkAnswers,
  comparedResults,
  decoderGroupSize,
  describePicture,
  loadTaskModel,
  presentParts,
  runSettings,
  runTasks,
  taskSamples,
  type TaskModel,
} from '../../lib/notebook';
import { quantizeBlip } from '../../lib/optimize';
import { BlipProcessor } from '../../lib/preprocessing';
import { makeSamples, writePreprocessor } from '../optimize/tiny-model';
import { projectRoot } from '../project-root';
import { writeVocabulary } from '../write-vocabulary';

const CHECKPOINTS = { vqa: 'vqa-f16', captioning: 'caption-bf16', retrieval: 'retrieval' } as const;
const WORDS = ['how', 'many', 'dogs', 'are', 'red', '?'];
const SEP = 3;
type Kind = keyof typeof CHECKPOINTS;
const KINDS: readonly Kind[] = ['vqa', 'captioning', 'retrieval'];

describe('a model of any task', () => {
  let work = '';
  let picture = '';
  const folders = new Map<Kind, string>();
  const loaded = new Map<Kind, { model: TaskModel; processor: BlipProcessor }>();
  before(async () => {
    work = fs.mkdtempSync(path.join(os.tmpdir(), 'task-model-'));
    const [sample] = await makeSamples(1);
    picture = path.join(work, 'picture.png');
    assert.ok(sample.image instanceof Uint8Array);
    fs.writeFileSync(picture, sample.image);
    for (const kind of KINDS) {
      const folder = path.join(work, kind);
      const checkpoint = await loadCheckpoint(
        path.join(projectRoot(), 'tests/fixtures/checkpoints', CHECKPOINTS[kind]),
      );
      const { image_size } = checkpoint.config.vision_config;
      await convertBlip(checkpoint, folder);
      const { vocab_size, pad_token_id, sep_token_id } = checkpoint.config.text_config;
      // A retrieval checkpoint writes nothing, and may not name it
      const sep = sep_token_id < vocab_size ? sep_token_id : SEP;
      writeVocabulary(folder, WORDS, { vocab_size, pad_token_id, sep_token_id: sep });
      writePreprocessor(folder, { size: { height: image_size, width: image_size } });
      checkpoint.close();
      folders.set(kind, folder);
      const processor = await BlipProcessor.fromCheckpoint(folder);
      loaded.set(kind, { model: await loadTaskModel(folder), processor });
    }
  });
  after(() => {
    for (const { model } of loaded.values()) model.dispose();
    fs.rmSync(work, { recursive: true, force: true });
  });
  const use = (kind: Kind): { model: TaskModel; processor: BlipProcessor; folder: string } => {
    const found = loaded.get(kind);
    assert.ok(found);
    return { ...found, folder: folders.get(kind) ?? '' };
  };

  it('is loaded as what its folder holds, and says what it can', () => {
    const can = KINDS.map((kind) => [canCaption, canAnswer, canMatch].map((test) => test(use(kind).model)));
    assert.deepEqual(can, [
      [true, true, false],
      [true, false, false],
      [false, false, true],
    ]);
    assert.deepEqual(
      KINDS.map((kind) => presentParts(use(kind).folder).length),
      [3, 2, 3],
    );
  });

  it('reports device, precision and threads, and is timed stage by stage', async () => {
    const stages: Record<Kind, number> = { vqa: 5, captioning: 3, retrieval: 3 };
    for (const kind of KINDS) {
      const { model, processor } = use(kind);
      assert.equal(model.device, 'CPU');
      assert.ok(model.precision !== '' && model.threads > 0);
      const question = 'how many?';
      const measured = await measureStages(model, processor, { picture, question, runs: 2, warmup: 1 });
      assert.equal(measured.length, stages[kind], kind);
      assert.ok(measured.every(({ latency }) => latency.median > 0 && latency.samples.length === 2));
      await runTasks(model, { pixel_values: await processor.image(picture), text: processor.text(question) });
    }
  });

  it('describes an image in the words that it has', async () => {
    for (const kind of KINDS) {
      const { model, processor } = use(kind);
      const { note = '', answer } = await describePicture(model, processor, { image: picture, text: 'how many?' });
      if (kind === 'retrieval') assert.match(note, /^"how many\?": match \d+\.\d %$/);
      assert.equal(answer !== undefined, kind === 'vqa');
    }
  });

  it('is compared with its published values', async () => {
    for (const kind of KINDS) {
      const { model, processor, folder } = use(kind);
      const pixel_values = await processor.image(picture);
      const text = 'how many?';
      const statuses = async (...cases: PublishedCase[]): Promise<string[]> =>
        (await checkPublished(folder, { id: 'any', picture, cases })).map(({ status }) => status);
      if (canMatch(model)) {
        const [score] = await model.match({ pixel_values, ...processor.text(text) });
        const match = (value: number): PublishedCase => ({ task: 'match', text, score: value, tolerance: 0.02 });
        assert.deepEqual(await statuses(match(score), match(Math.abs(score - 0.3))), ['pass', 'FAIL']);
      } else if (canCaption(model)) {
        const [ids] = await model.generateCaption({ pixel_values }, { max_new_tokens: 3 });
        const caption = (row: number[]): PublishedCase => ({ task: 'caption', ids: [row], max_new_tokens: 3 });
        const other = ids.map((id, i) => (i === 1 ? (id + 1) % 20 : id));
        assert.deepEqual(await statuses(caption(ids), caption(other), { task: 'caption' }), ['pass', 'FAIL', 'info']);
      }
      assert.deepEqual(await checkPublished(folder, { id: 'owner/unknown', picture }), []);
    }
  });

  it('without published values is left to the reader', async () => {
    const { model, processor } = use('captioning');
    const settings = runSettings({ BLIP_MODEL: 'owner/model' });
    const { rows, summary } = await checkAnswers(model, processor, { settings, picture });
    assert.deepEqual(rows, []);
    assert.match(summary, /owner\/model.*judge by what you see/);
  });

  it('of retrieval is quantized on texts that describe images, and compared by its matches', async () => {
    const { model, folder } = use('retrieval');
    const samples = (await makeSamples(4, model.config.vision_config.image_size)).map((sample, i) => ({
      ...sample,
      answers: [`${i}`, 'red', 'red'],
    }));
    const texts = taskSamples(model, samples).map(({ question }) => question);
    assert.deepEqual(new Set(texts), new Set(['how many dogs are red? red']));
    assert.deepEqual(taskSamples(use('vqa').model, samples), samples);
    assert.equal(sampleText({ ...samples[0], caption: [' ', 'x'] }), texts[0], 'an empty caption is none');
    assert.equal(sampleText({ ...samples[0], caption: ['two dogs'] }), 'two dogs');

    const int8 = path.join(work, 'retrieval-int8');
    await quantizeBlip(folder, taskSamples(model, samples), int8);
    const seen = new Set<string>();
    const compared = await compareModels(folder, int8, samples, {
      runs: 3,
      warmup: 1,
      progress_callback: ({ status }) => seen.add(status),
    });
    const { matches } = compared;
    assert.ok(matches);
    assert.deepEqual([matches.pairs, matches.ownTextFirst?.images, compared.captions.images], [8, 4, 0]);
    assert.ok(matches.meanDifference > 0 && matches.meanDifference <= matches.largestDifference);
    assert.deepEqual([...seen], ['matches', 'latency: image-text-matching']);
    assert.deepEqual(Object.keys(compared.latency), ['vision_model', 'text_encoder', 'image-text-matching']);
    for (const { before, after } of Object.values(compared.latency))
      assert.ok(before.samples.length === 3 && after.samples.length === 3 && before.median > 0);
    assert.equal(accuracyRows(compared).length, 1);
    assert.match(
      agreementLines(compared).join('\n'),
      /same decision for .* of 8 pairs[^]*differ by 0\.\d{4} in the mean/,
    );
    assert.deepEqual(comparedResults(compared).agreement, { of: 'matches', share: matches.agreement });

    const same = await compareModels(folder, folder, samples, { runs: 0 });
    assert.deepEqual([same.matches?.largestDifference, same.matches?.agreement], [0, 1]);
    assert.deepEqual(changedTables(same, 5), []);
  });

  it('says what it cannot do, and as a writer refuses only where it must', async () => {
    const { model: matcher } = use('retrieval');
    const { model, processor } = use('vqa');
    assert.equal(writerOf(model), model);
    const printed: unknown[] = [];
    const log = console.log;
    console.log = (line: unknown) => void printed.push(line);
    try {
      assert.deepEqual([can(model, 'caption'), can(model, 'answer'), can(model, 'match')], [true, true, false]);
      assert.deepEqual([can(matcher, 'caption'), can(matcher, 'answer'), can(matcher, 'match')], [false, false, true]);
    } finally {
      console.log = log;
    }
    assert.deepEqual(printed, [cannot('match'), cannot('caption'), cannot('answer')]);
    const stand = await Promise.resolve(writerOf(matcher)); // can be awaited, and shown
    assert.equal(typeof inspect(stand), 'string');
    assert.throws(
      () => stand.generateCaption,
      (error) => error instanceof TaskError && /no captions/.test(error.message),
    );
    const pixel_values = await processor.image(picture);
    assert.throws(() => writerOf(matcher).generateAnswer({ pixel_values, ...processor.text('?') }), TaskError);
  });

  it('of captions is compared by its captions', async () => {
    const { folder, model } = use('captioning');
    const samples = await makeSamples(2, model.config.vision_config.image_size);
    const same = await compareModels(folder, folder, samples, { runs: 0 });
    assert.deepEqual(comparedResults(same), { agreement: { of: 'captions', share: 1 }, speedup: {} });
    assert.deepEqual(accuracyRows(same), []);
    assert.deepEqual(agreementLines(same), ['same caption for 100.0 % of 2 images']);
  });

  it('has groups of 4-bit weights that divide its rows', () => {
    const { config } = use('vqa').model;
    const sized = (size: number) => ({
      ...config,
      text_config: { ...config.text_config, hidden_size: size, intermediate_size: size, encoder_hidden_size: size },
    });
    assert.deepEqual(
      [64, 768, 100].map((size) => decoderGroupSize(sized(size))),
      [64, 64, -1],
    );
  });
});
