// Text in pieces: whatever the tokens are, the pieces joined are the decoded text, and a piece is never taken back.
import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { loadCheckpoint } from '../../lib/checkpoint';
import { convertBlip } from '../../lib/convert';
import { pipeline, PipelineError, type ImageToText, type VisualQuestionAnswering } from '../../lib/pipelines';
import { streamText } from '../../lib/pipelines/stream-text';
import { BlipProcessor } from '../../lib/preprocessing';
import { projectRoot } from '../project-root';

const work = fs.mkdtempSync(path.join(os.tmpdir(), 'stream-text-'));
const bundled = path.join(projectRoot(), 'models', 'blip-scenes');
const image = path.join(projectRoot(), 'data', 'pictures', 'demo.jpg');
after(() => fs.rmSync(work, { recursive: true, force: true }));

async function pieces(stream: AsyncGenerator<string, string>): Promise<{ parts: string[]; text: string }> {
  const parts: string[] = [];
  for (;;) {
    const { done, value } = await stream.next();
    if (done) return { parts, text: value };
    parts.push(value);
  }
}

/** One row of tokens as a generation yields them. */
async function* tokens(ids: readonly number[]): AsyncGenerator<number[]> {
  for (const id of ids) yield [id];
}

describe('streamText', () => {
  const streamOf = async (
    ids: readonly number[],
    start: readonly number[],
    decode: (ids: readonly number[]) => string,
  ) => pieces(streamText(tokens(ids), start, decode));

  for (const clean_up_tokenization_spaces of [true, false])
    it(`joined, the pieces are the text, clean_up_tokenization_spaces: ${clean_up_tokenization_spaces}`, async () => {
      const folder = path.join(work, `processor-${clean_up_tokenization_spaces}`);
      fs.cpSync(bundled, folder, { recursive: true, filter: (file) => !file.endsWith('.safetensors') });
      const file = path.join(folder, 'tokenizer_config.json');
      const config: Record<string, unknown> = JSON.parse(fs.readFileSync(file, 'utf8'));
      fs.writeFileSync(file, JSON.stringify({ ...config, clean_up_tokenization_spaces }));
      const processor = await BlipProcessor.fromCheckpoint(folder);
      const decode = (ids: readonly number[]): string => processor.decode(ids);
      const words = Array.from(processor.text("it's a dog, isn't it? yes . no ! don ' t").input_ids, Number);
      let seed = 1;
      const random = (limit: number): number => {
        seed = (Math.imul(seed, 1103515245) + 12345) & 0x7fffffff;
        return (seed >>> 8) % limit;
      };
      for (let round = 0; round < 300; round++) {
        const pick = (): number => (random(2) === 0 ? words[random(words.length)] : random(1605));
        const ids = Array.from({ length: 1 + random(12) }, pick);
        const start = Array.from({ length: random(4) }, pick);
        const { parts, text } = await streamOf(ids, start, decode);
        assert.equal(text, decode([...start, ...ids]));
        assert.equal(parts.join(''), text, JSON.stringify({ start, ids, parts }));
        assert.ok(parts.every((part) => part !== ''));
      }
    });

  it('yields a word when the next one begins', async () => {
    const decode = (ids: readonly number[]): string => ids.map((id) => ['a', 'small', 'dog'][id]).join(' ');
    assert.deepEqual(await streamOf([0, 1, 2], [], decode), { parts: ['a', ' small', ' dog'], text: 'a small dog' });
    assert.deepEqual(await streamOf([], [], decode), { parts: [], text: '' });
  });
});

describe('pipelines', () => {
  let captioner: ImageToText;
  let vqa: VisualQuestionAnswering;
  before(async () => {
    const checkpoint = await loadCheckpoint(bundled);
    const { folder } = await convertBlip(checkpoint, path.join(work, 'fp16'));
    checkpoint.close();
    captioner = await pipeline('image-to-text', folder);
    vqa = await pipeline('visual-question-answering', folder);
  });
  after(() => {
    captioner.dispose();
    vqa.dispose();
  });

  it('stream what they return, also after a prompt', async () => {
    for (const options of [{}, { prompt: 'two gray' }]) {
      const [{ generated_text }] = await captioner(image, options);
      const { parts, text } = await pieces(captioner.stream(image, options));
      assert.equal(text, generated_text);
      assert.equal(parts.join(''), generated_text);
      assert.ok(parts.length > 2, parts.join('|'));
    }
    const question = 'how many dogs are in the picture?';
    const [{ answer }] = await vqa(image, question);
    assert.deepEqual(await pieces(vqa.stream(image, question)), { parts: [answer], text: answer });
  });

  it('work on after a stream is left', async () => {
    const [{ generated_text }] = await captioner(image);
    for await (const piece of captioner.stream(image)) {
      assert.ok(generated_text.startsWith(piece));
      break;
    }
    assert.equal((await captioner(image))[0].generated_text, generated_text);
  });

  it('refuse what gives no text', async () => {
    const options: object = { return_dict_in_generate: true };
    const refused = { name: 'PipelineError', message: /return_dict_in_generate.*OVBlipModel/ };
    await assert.rejects(captioner(image, options), refused);
    await assert.rejects(vqa(image, 'how many?', options), refused);
    await assert.rejects(captioner.stream(image, options).next(), refused);
    await assert.rejects(vqa.stream(image, 'how many?', options).next(), refused);
    const wrong: unknown = 5;
    await assert.rejects(vqa.stream(image, wrong as string).next(), PipelineError);
    await assert.rejects(captioner.stream(image, { num_beams: 2 }).next(), /num_beams/);
    const two = { do_sample: true, num_return_sequences: 2 };
    await assert.rejects(captioner.stream(image, two).next(), /num_return_sequences is 2: a stream is one text/);
  });
});
