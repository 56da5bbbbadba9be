// Ranks candidates for each question of a call: checks what is given, and opens the decoder for every part of the work.
import type { BlipTextConfig } from '../checkpoint';
import { checkOptions } from '../core/check-options';
import { reportProgress } from '../core/progress';
import type { CompiledModel, OpenVINO } from '../openvino';
import { BlipModelError } from './check-inputs';
import { DecoderSession, type EncoderStates } from './decoder-session';
import { GenerationOptionsError } from './generation-options-error';
import type { Texts } from './model-inputs';
import { count, real } from './option-values';
import { rankAnswers, type RankAnswersOptions, type RankDecoder, type RankedAnswer } from './rank-answers';
import { selectRows } from './repeat-rows';

/** As in Salesforce's repository: `k_test`, and the label smoothing of models/med.py. */
const DEFAULTS = { num_ans_candidates: 128, label_smoothing: 0.1 } as const;

export const RANK_OPTIONS = [
  'num_ans_candidates',
  'label_smoothing',
  'progress_callback',
  'signal',
] as const satisfies readonly (keyof RankAnswersOptions)[];

/** Options with their defaults. @throws {OptionsError | GenerationOptionsError} */
export function resolveRankOptions(
  options: RankAnswersOptions,
): RankAnswersOptions & { readonly num_ans_candidates: number; readonly label_smoothing: number } {
  checkOptions('OVBlipModel.rankAnswers', options, RANK_OPTIONS);
  const num_ans_candidates = count(options, 'num_ans_candidates', DEFAULTS.num_ans_candidates, 1);
  const label_smoothing = real(options, 'label_smoothing', DEFAULTS.label_smoothing);
  if (label_smoothing < 0 || label_smoothing >= 1)
    throw new GenerationOptionsError(
      `label_smoothing is ${label_smoothing}, expected at least 0 and below 1: 0.1 as in BLIP, or 0.`,
    );
  return { ...options, num_ans_candidates, label_smoothing };
}

/**
 * Candidates as the decoder writes them: from [CLS] words [SEP], perhaps padded, to words and the end token.
 *
 * @param candidates checked against the model
 * @param dims rows and tokens per row
 * @throws {BlipModelError} when a row has less than [CLS] and [SEP], or does not end with [SEP]
 */
export function readCandidates(
  { input_ids, attention_mask }: Texts,
  [rows, length]: readonly [number, number],
  { sep_token_id }: Pick<BlipTextConfig, 'sep_token_id'>,
): number[][] {
  return Array.from({ length: rows }, (_, row) => {
    const padding = attention_mask.subarray(row * length, (row + 1) * length).indexOf(0n);
    const end = row * length + (padding < 0 ? length : padding);
    const ids = Array.from(input_ids.subarray(row * length + 1, end), Number);
    if (ids.length === 0 || ids[ids.length - 1] !== sep_token_id)
      throw new BlipModelError(
        `Candidate ${row + 1} has the token ids ${[...input_ids.subarray(row * length, end)].join(' ')}, expected ` +
          `[CLS], words and [SEP] (${sep_token_id}), as processor.text(candidates) gives them.`,
      );
    return ids;
  });
}

/** @returns per question its shortlist, best first */
export async function rankQuestions(
  {
    openvino,
    decoder,
    states,
    bos,
  }: {
    readonly openvino: OpenVINO;
    readonly decoder: CompiledModel;
    readonly states: EncoderStates;
    readonly bos: number;
  },
  candidates: readonly (readonly number[])[],
  options: ReturnType<typeof resolveRankOptions>,
): Promise<RankedAnswer[][]> {
  const { num_ans_candidates, label_smoothing, progress_callback, signal } = options;
  const perQuestion = Math.min(num_ans_candidates, candidates.length);
  const total = perQuestion * states.dims[0];
  const ranked: RankedAnswer[][] = [];
  for (let row = 0; row < states.dims[0]; row++) {
    const question = selectRows(states, [row]);
    const open = (rows: number, length: number): RankDecoder =>
      new DecoderSession({ openvino, decoder, states: question, rows, max_length: length });
    const report = (done: number): Promise<void> =>
      reportProgress(progress_callback, { status: 'rank', loaded: row * perQuestion + done, total }, signal);
    ranked.push(await rankAnswers(open, candidates, bos, { num_ans_candidates, label_smoothing, signal, report }));
  }
  return ranked;
}
