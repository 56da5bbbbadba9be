// BLIP's rank mode against PyTorch (tests/fixtures/make_ranking.py), and what it does with odd lists.
// Log probabilities agree within 2e-4: sums of up to 30 f32 logits of both sides.
import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { after, describe, it } from 'node:test';
import { loadCheckpoint, openSafetensors } from '../../lib/checkpoint';
import { convertBlip } from '../../lib/convert';
import { OVBlipModel, type Texts } from '../../lib/generation';
import { F32 } from './bundled-model';

const FIXTURES = path.join(__dirname, '..', 'fixtures');
const TOLERANCE = 2e-4;
const work = fs.mkdtempSync(path.join(os.tmpdir(), 'blip-rank-'));
after(() => fs.rmSync(work, { recursive: true, force: true }));

type Lists = Readonly<Record<string, readonly (readonly number[])[]>>;
interface Ranking {
  readonly checkpoint: string;
  readonly kind: string;
  readonly k: number;
  /** Per question: index, log probability, and what it is ranked by; the best twelve. */
  readonly ranked: [index: number, log: number, rank: number][][];
}

const all: (Ranking | { readonly checkpoint: string; readonly candidates: Lists })[] = JSON.parse(
  fs.readFileSync(path.join(FIXTURES, 'generation', 'ranking.json'), 'utf8'),
);
const checkpoints = [...new Set(all.map(({ checkpoint }) => checkpoint))];

/** As a processor pads them: [CLS] words [SEP], then padding. */
function texts(candidates: readonly (readonly number[])[], cls: number): Texts & { dims: readonly [number, number] } {
  const length = 1 + Math.max(...candidates.map((ids) => ids.length));
  const input_ids = new BigInt64Array(candidates.length * length);
  const attention_mask = new BigInt64Array(candidates.length * length);
  for (const [row, ids] of candidates.entries()) {
    input_ids.set([BigInt(cls), ...ids.map(BigInt)], row * length);
    attention_mask.fill(1n, row * length, row * length + ids.length + 1);
  }
  return { input_ids, attention_mask, dims: [candidates.length, length] };
}

for (const name of checkpoints)
  describe(`${name}: ranking equals PyTorch`, async () => {
    await convertBlip(await loadCheckpoint(path.join(FIXTURES, 'checkpoints', name)), path.join(work, name), {
      compress_to_fp16: false,
    });
    const model = await OVBlipModel.load(path.join(work, name), { properties: F32 });
    after(() => model.dispose());
    const { tensors } = openSafetensors(path.join(FIXTURES, 'checkpoints', name, 'expected.safetensors'));
    const { image_size: size } = model.config.vision_config;
    const pixels = tensors.get('pixel_values')?.toFloat32() ?? new Float32Array();
    const question = tensors.get('input_ids');
    assert.ok(question);
    const input_ids = new BigInt64Array(question.bytes().slice().buffer);
    const attention_mask = new BigInt64Array(input_ids.length).fill(1n);
    const image_embeds = await model.encodeImage({ pixel_values: { data: pixels, dims: [2, 3, size, size] } });
    const inputs = { image_embeds, input_ids, attention_mask, dims: [2, question.shape[1]] as const };
    const lists = all.flatMap((each) => ('candidates' in each && each.checkpoint === name ? [each.candidates] : []))[0];
    const { bos_token_id, sep_token_id } = model.config.text_config;

    for (const each of all) {
      if ('candidates' in each || each.checkpoint !== name) continue;
      const { kind, k, ranked: expected } = each;
      it(`${kind}, k ${k}`, async () => {
        const candidates = lists[kind];
        const rows = await model.rankAnswers(inputs, texts(candidates, bos_token_id), { num_ans_candidates: k });
        assert.equal(rows.length, 2);
        for (const [row, ranked] of rows.entries()) {
          assert.equal(ranked.length, Math.min(k, candidates.length));
          for (const [place, [index, log]] of expected[row].entries()) {
            assert.ok(
              Math.abs(ranked[place].log_probability - log) < TOLERANCE,
              `${ranked[place].log_probability} ${log}`,
            );
            // Where two are within rounding of each other, either may come first
            const [, , rank] = expected[row][place];
            const isNear = [place - 1, place + 1].some(
              (near) => Math.abs((expected[row][near]?.[2] ?? 1e9) - rank) < TOLERANCE,
            );
            if (!isNear) assert.equal(ranked[place].index, index, `place ${place}`);
          }
          assert.ok(Math.abs(ranked.reduce((sum, { score }) => sum + score, 0) - 1) < 1e-9);
          assert.ok(ranked.every(({ score }, i) => i === 0 || score <= ranked[i - 1].score));
          const [best, second] = expected[row];
          if (second)
            assert.ok(Math.abs(Math.log(ranked[0].score / ranked[1].score) - (best[2] - second[2])) < 2 * TOLERANCE);
        }
      });
    }

    it('ranks by probability alone without label smoothing', async () => {
      const candidates = texts(lists.few, bos_token_id);
      const [ranked] = await model.rankAnswers(inputs, candidates, { label_smoothing: 0 });
      const logs = ranked.map(({ log_probability }) => log_probability);
      assert.deepEqual(
        logs,
        [...logs].sort((a, b) => b - a),
      );
    });

    it('gives a written answer the probability that its search reports', async () => {
      const [options] = [{ return_dict_in_generate: true, output_probabilities: true, max_new_tokens: 8 } as const];
      for (const extra of [{}, { num_beams: 3 }, { do_sample: true, top_k: 0, seed: 3 }]) {
        const written = await model.generateAnswer(inputs, { ...options, ...extra });
        for (const [row, ids] of written.sequences.entries()) {
          const end = ids.indexOf(sep_token_id, 1);
          if (end < 0) continue; // it reached its greatest length
          const [ranked] = [await model.rankAnswers(inputs, texts([ids.slice(1, end + 1)], bos_token_id))];
          const probability = Math.exp(ranked[row][0].log_probability);
          assert.ok(Math.abs(probability - (written.probabilities?.[row] ?? 0)) < 1e-4 * Math.max(1e-3, probability));
        }
      }
    });

    it('ranks 5,000 candidates, tells how far it is, stops on the way, and works again after', async () => {
      const words = Array.from({ length: 5_000 }, (_, i) => [
        5 + (i % 40),
        ...Array<number>(i % 3).fill(5 + (i % 29)),
        sep_token_id,
      ]);
      const candidates = texts(words, bos_token_id);
      const seen: number[] = [];
      const options = {
        num_ans_candidates: 300,
        progress_callback: ({ status, loaded = 0, total }: { status: string; loaded?: number; total?: number }) => {
          assert.deepEqual([status, total], ['rank', 600]);
          seen.push(loaded);
        },
      };
      const [ranked] = await model.rankAnswers(inputs, candidates, options);
      assert.equal(ranked.length, 300);
      assert.ok(seen.length > 4 && seen.at(-1) === 600 && seen.every((done, i) => i === 0 || done >= seen[i - 1]));
      const controller = new AbortController();
      const progress_callback = (): void => controller.abort(new Error('enough'));
      await assert.rejects(
        model.rankAnswers(inputs, candidates, { progress_callback, signal: controller.signal }),
        /enough/,
      );
      await assert.rejects(
        model.rankAnswers(inputs, candidates, { progress_callback: () => Promise.reject(new Error('told')) }),
        /told/,
      );
      const [again] = await model.rankAnswers(inputs, candidates, { num_ans_candidates: 300 });
      assert.deepEqual(again, ranked);
    });

    it('refuses what is no list of answers, and options out of range', async () => {
      const one = texts(lists.one, bos_token_id);
      const wrong: [object, RegExp][] = [
        [{ num_ans_candidates: 0 }, /num_ans_candidates is 0/],
        [{ num_ans_candidates: 1.5 }, /num_ans_candidates is 1.5/],
        [{ label_smoothing: 1 }, /label_smoothing is 1/],
        [{ label_smoothing: NaN }, /label_smoothing is NaN/],
        [{ num_beams: 2 }, /"num_beams" is not implemented/],
      ];
      for (const [options, message] of wrong) await assert.rejects(model.rankAnswers(inputs, one, options), message);
      const bare = { input_ids: BigInt64Array.of(5n, 6n), attention_mask: BigInt64Array.of(1n, 1n) };
      await assert.rejects(model.rankAnswers(inputs, bare), /Candidate 1 has the token ids 5 6.*\[SEP\]/);
      const huge = { input_ids: BigInt64Array.of(5n, 99_999n), attention_mask: BigInt64Array.of(1n, 1n) };
      await assert.rejects(model.rankAnswers(inputs, huge), /contains 99999/);
      const nothing: unknown = undefined;
      await assert.rejects(model.rankAnswers(inputs, nothing as Texts), /candidates is undefined/);
    });
  });
