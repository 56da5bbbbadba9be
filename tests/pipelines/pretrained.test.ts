// A hub id or a checkpoint folder in one call: converted once, then loaded; and what is refused before anything is
// converted.
import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { after, before, beforeEach, describe, it } from 'node:test';
import {
  BlipModelError,
  BlipProcessor,
  OptionsError,
  OVBlipMatcher,
  OVBlipModel,
  pipeline,
  PipelineError,
  type Progress,
} from '../../lib';
import { projectRoot } from '../project-root';
import { writeVocabulary } from '../write-vocabulary';

const MODEL = path.join(projectRoot(), 'models', 'blip-scenes');
const fixture = (name: string): string => path.join(projectRoot(), 'tests', 'fixtures', 'checkpoints', name);
const PICTURE = path.join(projectRoot(), 'data', 'pictures', 'demo.jpg');
const QUESTION = 'how many dogs are in the picture?';
const work = fs.mkdtempSync(path.join(os.tmpdir(), 'pretrained-'));
const cache = path.join(work, 'cache');
const saved = process.env.BLIP_CACHE;
let seen: Progress[] = [];
const progress_callback = (progress: Progress): void => void seen.push(progress);
const converted = (): boolean => seen.some(({ status }) => status === 'convert');

before(() => {
  process.env.BLIP_CACHE = cache;
});
beforeEach(() => {
  seen = [];
});
after(() => {
  if (saved === undefined) delete process.env.BLIP_CACHE;
  else process.env.BLIP_CACHE = saved;
  fs.rmSync(work, { recursive: true, force: true });
});

describe('a .pth of the original repository', () => {
  it('needs a vocabulary beside it, and says so before its conversion; then it is enough', async () => {
    const folder = path.join(work, 'original');
    fs.cpSync(path.join(fixture('.'), '..', 'pytorch', 'derived'), folder, { recursive: true });
    const file = path.join(folder, 'model_base_vqa.pth');
    await assert.rejects(pipeline('visual-question-answering', file, { progress_callback }), (error: unknown) => {
      assert.ok(error instanceof Error && error.message.startsWith(folder), String(error));
      assert.match(error.message, /neither tokenizer\.json nor vocab\.txt.*vocab\.txt of bert-base-uncased/);
      return true;
    });
    assert.ok(!converted());
    // BERT's ids
    writeVocabulary(folder, ['how', 'many', 'dogs'], { vocab_size: 30522, pad_token_id: 0, sep_token_id: 102 });
    const ask = await pipeline('visual-question-answering', file, { progress_callback });
    assert.ok(converted());
    const [{ answer }] = await ask(PICTURE, QUESTION);
    assert.equal(typeof answer, 'string'); // weights are random
    ask.dispose();
  });
});

describe('a checkpoint folder', () => {
  it('is converted by the first pipeline; the second task and the model take the same', async () => {
    const caption = await pipeline('image-to-text', MODEL, { progress_callback });
    assert.ok(converted());
    const [{ generated_text }] = await caption(PICTURE);
    assert.equal(generated_text, 'two gray dogs playing with two green balls on the beach');
    caption.dispose();

    seen = [];
    const ask = await pipeline('visual-question-answering', MODEL, { dtype: 'fp16', device: 'CPU', progress_callback });
    assert.equal((await ask(PICTURE, QUESTION))[0].answer, '2');
    ask.dispose();

    const model = await OVBlipModel.fromPretrained(MODEL, { progress_callback });
    const processor = await BlipProcessor.fromPretrained(MODEL);
    const { input_ids, attention_mask } = processor.text(QUESTION);
    const pixel_values = await processor.image(PICTURE);
    const [ids] = await model.generateAnswer({ pixel_values, input_ids, attention_mask });
    assert.equal(processor.decode(ids), '2');
    assert.ok(!converted());
    assert.ok(model.folder.startsWith(cache));
    model.dispose();
    assert.equal((await BlipProcessor.fromPretrained(model.folder)).decode(ids), '2', 'of the converted folder');
  });

  it('of a retrieval checkpoint loads as a matcher', async () => {
    const matcher = await OVBlipMatcher.fromPretrained(fixture('retrieval'), { progress_callback });
    assert.ok(converted());
    matcher.dispose();
  });

  it('that was made for another task is refused before its conversion', async () => {
    const refused: readonly (readonly [Promise<unknown>, typeof PipelineError | typeof BlipModelError, RegExp])[] = [
      [
        pipeline('visual-question-answering', fixture('caption-bf16'), { progress_callback }),
        PipelineError,
        /caption-bf16 does not do "visual-question-answering".*made for captions.*blip-vqa-base/,
      ],
      [
        pipeline('image-text-matching', MODEL, { progress_callback }),
        PipelineError,
        /blip-scenes does not do "image-text-matching".*made for visual-question-answering.*blip-itm-base-coco/,
      ],
      [
        pipeline('image-to-text', fixture('retrieval'), { progress_callback }),
        PipelineError,
        /retrieval does not do "image-to-text".*made for image-text-retrieval/,
      ],
      [OVBlipModel.fromPretrained(fixture('retrieval'), { progress_callback }), BlipModelError, /OVBlipMatcher/],
      [OVBlipMatcher.fromPretrained(MODEL, { progress_callback }), BlipModelError, /OVBlipModel/],
    ];
    for (const [call, ErrorClass, message] of refused)
      await assert.rejects(call, (error: unknown) => {
        assert.ok(error instanceof ErrorClass, String(error));
        assert.match(error.message, message);
        return true;
      });
    assert.ok(!converted());
  });

  it('options that are not implemented throw', async () => {
    const foreign: object = { quantized: true };
    for (const call of [
      () => pipeline('image-to-text', MODEL, foreign),
      () => OVBlipModel.fromPretrained(MODEL, foreign),
      () => OVBlipMatcher.fromPretrained(MODEL, foreign),
      () => BlipProcessor.fromPretrained(MODEL, foreign),
    ])
      await assert.rejects(
        call,
        (error: unknown) => error instanceof OptionsError && /"quantized"/.test(error.message),
      );
  });
});

describe('a hub id', () => {
  it("comes from the hub's cache, revision and all, and is known by its commit", async () => {
    const commit = 'c0ffee'.repeat(7).slice(0, 40);
    const store = path.join(work, 'hub', 'models--blip-test--scenes');
    fs.mkdirSync(path.join(store, 'refs'), { recursive: true });
    fs.writeFileSync(path.join(store, 'refs', 'main'), commit);
    fs.cpSync(MODEL, path.join(store, 'snapshots', commit), { recursive: true });
    const options = { cache_dir: path.join(work, 'hub'), local_files_only: true, progress_callback };
    const ask = await pipeline('visual-question-answering', 'blip-test/scenes', options);
    assert.equal((await ask(PICTURE, QUESTION))[0].answer, '2');
    ask.dispose();
    assert.ok(converted());
    seen = [];
    const model = await OVBlipModel.fromPretrained('blip-test/scenes', { ...options, revision: commit });
    assert.ok(!converted());
    assert.equal(path.basename(path.dirname(model.folder)), 'scenes');
    model.dispose();
    const processor = await BlipProcessor.fromPretrained('blip-test/scenes', options);
    assert.equal(processor.maxTextLength > 0, true);
  });
});
