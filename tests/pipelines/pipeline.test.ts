// The two pipelines with the bundled model: shapes of results, the remembered picture, and what they say when they
// cannot work.
import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { after, before, describe, it } from 'node:test';
import sharp from 'sharp';
import { loadCheckpoint } from '../../lib/checkpoint';
import { convertBlip } from '../../lib/convert';
import { readPictures, type Picture } from '../../lib/datasets';
import {
  pipeline,
  PipelineError,
  type Answer,
  type ImageToText,
  type VisualQuestionAnswering,
} from '../../lib/pipelines';
import { projectRoot } from '../project-root';
import { countInferences } from './count-inferences';

const work = fs.mkdtempSync(path.join(os.tmpdir(), 'pipelines-'));
const fp16 = path.join(work, 'fp16');
const DAY = 'is it day or night?';

/** Answers without their scores, which are probabilities. */
async function words(answers: Promise<Answer[]>): Promise<{ answer: string }[]> {
  return withoutScores(await answers);
}
async function lists(answers: Promise<Answer[][]>): Promise<{ answer: string }[][]> {
  return (await answers).map(withoutScores);
}
function withoutScores(answers: readonly Answer[]): { answer: string }[] {
  return answers.map(({ answer, score, ...rest }) => {
    assert.ok(score > 0.05 && score <= 1 && Object.keys(rest).length === 0, `${answer}: ${score}`);
    return { answer };
  });
}

let pictures: Picture[];
let captioner: ImageToText;
let vqa: VisualQuestionAnswering;
/** How often the vision model ran for `vqa`. */
let encoded: () => number;

async function convert(checkpoint: string, output: string): Promise<void> {
  const loaded = await loadCheckpoint(path.join(projectRoot(), checkpoint));
  await convertBlip(loaded, output);
  loaded.close();
}

before(async () => {
  await convert('models/blip-scenes', fp16);
  pictures = readPictures(path.join(projectRoot(), 'data', 'pictures'));
  captioner = await pipeline('image-to-text', fp16);
  const counted = countInferences();
  vqa = await pipeline('visual-question-answering', fp16, { openvino: counted.openvino });
  encoded = () => counted.inferences('blip_vision_model');
});
after(() => {
  captioner.dispose();
  vqa.dispose();
  fs.rmSync(work, { recursive: true, force: true });
});

/** The first picture of a place and time of day, by its file's name. */
function picture(name: string): string {
  const found = pictures.find(({ file }) => path.basename(file).includes(name));
  assert.ok(found, name);
  return found.file;
}

describe('image-to-text', () => {
  it('gives a list with one caption for a picture, a list of such lists for pictures', async () => {
    const [day, night] = [picture('street-day'), picture('beach-night')];
    const [one, two] = [await captioner(day), await captioner(night)];
    assert.deepEqual(
      one.map((each) => Object.keys(each)),
      [['generated_text', 'score']],
    );
    assert.match(one[0].generated_text, /street/);
    assert.match(two[0].generated_text, /beach/);
    assert.deepEqual(await captioner([day, night]), [one, two]);
    assert.deepEqual(await captioner([day]), [one], 'a list of one stays a list');
    assert.deepEqual(await captioner([]), []);
  });

  it('takes a path, a file URL, bytes and a sharp pipeline alike', async () => {
    const file = picture('park-day');
    const bytes = fs.readFileSync(file);
    const all = await captioner([file, new URL(`file://${path.resolve(file)}`), bytes, sharp(bytes)]);
    for (const each of all) assert.deepEqual(each, all[0]);
  });

  it('begins with the prompt, and passes options on', async () => {
    const file = picture('park-day');
    const [{ generated_text }] = await captioner(file, { prompt: 'two dogs' });
    assert.ok(generated_text.startsWith('two dogs'), generated_text);
    assert.equal((await captioner(file, { max_new_tokens: 2 }))[0].generated_text.split(' ').length, 2);
    const unknown: object = { typical_p: 0.5 };
    await assert.rejects(captioner(file, unknown), /"typical_p" is not implemented/);
  });
});

describe('visual-question-answering', () => {
  it('answers one question about a picture truly', async () => {
    for (const {
      file,
      questions: [{ question, answer }],
    } of pictures)
      assert.deepEqual(await words(vqa(file, question)), [{ answer }], file);
  });

  it('many questions about one picture, one question about many, and pairs give one list per question', async () => {
    let right = 0;
    for (const { file, questions } of pictures) {
      const texts = questions.map(({ question }) => question);
      const asked = await lists(vqa(file, texts));
      const alone = [];
      for (const text of texts) alone.push(...(await lists(vqa(file, [text]))));
      assert.deepEqual(asked, alone, file);
      right += questions.filter(({ answer }, i) => asked[i][0].answer === answer).length;
    }
    assert.ok(right >= 39, `${right} of 40 answers are right`); // it takes one kite for a bird
    const [day, night] = [picture('street-day'), picture('beach-night')];
    assert.deepEqual(await lists(vqa([day, night], DAY)), [[{ answer: 'day' }], [{ answer: 'night' }]]);
    assert.deepEqual(await lists(vqa([night, day], [DAY, 'where was this picture taken?'])), [
      [{ answer: 'night' }],
      [{ answer: 'street' }],
    ]);
    assert.deepEqual(await lists(vqa(day, [DAY])), [[{ answer: 'day' }]], 'a list of one stays a list');
    assert.deepEqual([await vqa([], DAY), await vqa(day, [])], [[], []]);
  });

  it('chooses among candidates, whatever their number, and says what is no candidate', async () => {
    const file = picture('beach-night');
    const [best, ...others] = await vqa(file, DAY, { candidates: ['day', 'night', 'a red car', '', 'night'] });
    assert.equal(best.answer, 'night');
    assert.ok(Math.abs([best, ...others].reduce((sum, { score }) => sum + score, 0) - 1) < 1e-9);
    assert.equal(others.length, 4);
    assert.deepEqual(await vqa(file, DAY, { candidates: ['dog'] }), [{ answer: 'dog', score: 1 }]);
    const many = Array.from({ length: 2_000 }, (_, i) => (i === 1_234 ? 'night' : `dog ${i}`));
    const rows = await vqa([file, picture('street-day')], DAY, { candidates: many, num_ans_candidates: 5 });
    assert.deepEqual([rows[0][0].answer, rows[0].length, rows.length], ['night', 5, 2]);
    const wrong: [object, RegExp][] = [
      [{ candidates: [] }, /candidates is .*at least one answer/],
      [{ candidates: 'yes' }, /candidates is "yes"/],
      [{ candidates: ['yes', 5] }, /candidates\[1\] is 5, expected a string/],
      [{ candidates: ['yes'], num_beams: 3 }, /num_beams: with candidates no text is written/],
    ];
    for (const [options, message] of wrong)
      await assert.rejects(vqa(file, DAY, options), { name: 'PipelineError', message });
  });

  it('gives several answers, best first, and the probability of each token on request', async () => {
    const file = picture('beach-night');
    const options = { num_beams: 4, num_return_sequences: 3, output_probabilities: true };
    for (const answers of [await vqa(file, DAY, options), (await vqa(file, [DAY, DAY], options))[1]]) {
      assert.equal(answers.length, 3);
      assert.ok(answers.every(({ score }, i) => i === 0 || score <= answers[i - 1].score));
      for (const { score, tokens = [] } of answers) {
        const product = tokens.reduce((sum, { probability }) => sum * probability, 1);
        assert.ok(tokens.length > 0 && Math.abs(product - score) < 1e-9);
      }
      assert.deepEqual(
        answers[0].tokens?.map(({ token }) => token),
        ['night', '[SEP]'],
      );
    }
  });

  it('draws for each question and each image what it draws alone', async () => {
    const [day, night] = [picture('street-day'), picture('beach-night')];
    const options = { do_sample: true, temperature: 3, top_k: 0, seed: 7 };
    const questions = ['how many dogs are there?', DAY, 'where was this picture taken?'];
    const drawn = async (answers: Promise<Answer[][]>): Promise<string[]> =>
      (await answers).flatMap((each) => each.map(({ answer }) => answer));
    const alone = (image: string, question: string) => drawn(vqa(image, [question], options));
    assert.deepEqual(
      await drawn(vqa(day, questions, options)),
      (await Promise.all(questions.map((question) => alone(day, question)))).flat(),
    );
    assert.deepEqual(await drawn(vqa([day, night], DAY, options)), [
      ...(await alone(day, DAY)),
      ...(await alone(night, DAY)),
    ]);
    const several = await captioner([day, night], { ...options, num_return_sequences: 3, prompt: ['a', 'two dogs'] });
    assert.deepEqual(several[1], await captioner(night, { ...options, num_return_sequences: 3, prompt: 'two dogs' }));
    assert.ok(several[1].every(({ generated_text }) => generated_text.startsWith('two dogs')));
    await assert.rejects(captioner([day, night], { prompt: ['a'] }), /2 images and 1 prompts/);
    await assert.rejects(captioner(day, { prompt: ['a'] }), /prompt is .*expected a string/);
    await assert.rejects(captioner(day, { num_return_sequences: 2 }), /greedy search has one result/);
  });

  it('refuses lists that make no pairs, and says how many there are', async () => {
    const message = /^1 images and 2 questions: give one question for all/;
    await assert.rejects(vqa([picture('street-day')], [DAY, DAY]), { name: 'PipelineError', message });
  });
});

describe('the remembered picture', () => {
  /** A copy whose times lie in the past, as those of most pictures do. */
  const settle = (source: string, target: string): void => {
    fs.copyFileSync(source, target);
    settled(target);
  };
  const settled = (file: string): void => {
    while (Date.now() - fs.statSync(file).ctimeMs < 2050)
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 50);
  };
  const runs = async (call: () => Promise<unknown>): Promise<number> => {
    const start = encoded();
    await call();
    return encoded() - start;
  };

  it('is encoded once for any number of questions, and again after another one', async () => {
    const [day, night] = [picture('street-day'), picture('beach-night')];
    settled(day); // a fresh checkout may be younger than two seconds
    settled(night);
    await vqa(night, DAY);
    const askThrice = async (): Promise<void> => {
      await vqa(day, DAY);
      await vqa(day, ['is there a cat?', DAY]);
      await vqa(path.relative('', day), DAY);
    };
    assert.equal(await runs(askThrice), 1);
    assert.equal(await runs(() => vqa([night, day], DAY)), 2);
    const bytes = fs.readFileSync(day);
    assert.equal(await runs(() => vqa([bytes, Buffer.from(bytes)], DAY)), 1, 'equal bytes are one picture');
  });

  it("is encoded anew when the file's content changes, even with size and modification time kept", async () => {
    const file = path.join(work, 'changing.jpg');
    settle(picture('street-day'), file);
    assert.deepEqual(await words(vqa(file, DAY)), [{ answer: 'day' }]);
    const { size, atime, mtime } = fs.statSync(file);
    const night = fs.readFileSync(picture('beach-night'));
    fs.writeFileSync(file, Buffer.concat([night, Buffer.alloc(Math.max(0, size - night.length))]));
    fs.utimesSync(file, atime, mtime);
    assert.deepEqual(await words(vqa(file, DAY)), [{ answer: 'night' }]);
    fs.copyFileSync(picture('street-day'), file); // at once: the file system's clock may not have ticked
    assert.deepEqual(await words(vqa(file, DAY)), [{ answer: 'day' }]);
    fs.rmSync(file);
    await assert.rejects(vqa(file, DAY), /changing\.jpg: the image cannot be read/);
  });

  it('is encoded anew when the bytes in a Buffer change', async () => {
    const [day, night] = [fs.readFileSync(picture('street-day')), fs.readFileSync(picture('beach-night'))];
    const buffer = Buffer.alloc(Math.max(day.length, night.length)); // what follows the picture's end is ignored
    day.copy(buffer);
    assert.deepEqual(await words(vqa(buffer, DAY)), [{ answer: 'day' }]);
    buffer.fill(0);
    night.copy(buffer);
    assert.deepEqual(await words(vqa(buffer, DAY)), [{ answer: 'night' }]);
  });

  it('is encoded anew when a sharp pipeline changes', async () => {
    const image = sharp(picture('street-day'));
    assert.deepEqual(await words(vqa(image, DAY)), [{ answer: 'day' }]);
    const { width, height } = await sharp(picture('street-day')).metadata();
    image.composite([
      { input: await sharp(picture('beach-night')).resize(width, height, { fit: 'fill' }).png().toBuffer() },
    ]);
    assert.deepEqual(await words(vqa(image, DAY)), [{ answer: 'night' }]);
  });

  it('does not mix up questions asked at once about different pictures', async () => {
    const list = pictures.flatMap(({ file, questions }) =>
      questions.slice(0, 2).map(({ question, answer }) => ({ file, question, answer })),
    );
    const answers = await Promise.all(list.map(({ file, question }) => vqa(file, question)));
    assert.deepEqual(
      answers.map(withoutScores),
      list.map(({ answer }) => [{ answer }]),
    );
  });
});

describe('what it cannot do', () => {
  it('names the tasks there are', async () => {
    const task: string = 'text-generation';
    await assert.rejects(pipeline(task as 'image-to-text', fp16), (error: unknown) => {
      assert.ok(error instanceof PipelineError);
      assert.match(
        error.message,
        /"text-generation" is not implemented.*image-to-text, visual-question-answering, image-text-matching/,
      );
      return true;
    });
  });

  it('says how to make a folder that is missing', async () => {
    for (const task of ['image-to-text', 'visual-question-answering'] as const)
      await assert.rejects(
        pipeline(task as 'image-to-text', path.join(work, 'absent')),
        /absent: no such folder\. Expected .*config\.json.*hub id/,
      );
  });

  it('says that a captioning checkpoint answers no questions, when it is loaded', async () => {
    const folder = path.join(work, 'captions');
    await convert('tests/fixtures/checkpoints/caption-bf16', folder);
    const message = /captions does not do "visual-question-answering".*made for captions.*blip-vqa-base/;
    await assert.rejects(pipeline('visual-question-answering', folder), { name: 'PipelineError', message });
  });

  it('says that it was disposed', async () => {
    const other = await pipeline('image-to-text', fp16);
    other.dispose();
    await assert.rejects(other(picture('street-day')), /was disposed/);
  });
});
