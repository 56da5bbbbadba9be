// Search over a batch whose rows leave it when they are finished: a long text holds up no other, and the steps become
// cheaper as the batch shrinks. Each row gets the ids that it would get alone.
import { BeamGroup } from './beam-group';
import type { DecoderStep } from './decoder-step';
import type { SearchSettings } from './generation-options';
import { argmax } from './greedy-search';
import { logSumExp } from './log-sum-exp';
import { changesScores, processScores } from './score-processors';

/** A finished row. */
export interface FinishedRow {
  /** Its place in the batch. */
  readonly row: number;
  /** Prompt included, without padding. */
  readonly ids: readonly number[];
  /** The model's probability of the whole text, end token included: 0 to 1. */
  readonly score: number;
}

/** One row of the batch, or the beams of one. */
interface RowSearch {
  readonly running: readonly (readonly number[])[];
  readonly isDone: boolean;
  readonly best: readonly number[];
  readonly score: number;
  /** @returns which of its rows each of its rows continues */
  advance(logits: Float32Array): readonly number[];
}

/**
 * @param prompts token ids that each row begins with, all of one length
 * @param onRow called for each row as soon as it is finished
 */
export async function searchRows(
  decoder: DecoderStep,
  prompts: readonly (readonly number[])[],
  settings: SearchSettings,
  onRow: (row: FinishedRow) => void,
): Promise<void> {
  const width = settings.num_beams;
  const size = width * decoder.vocab_size;
  const raw = changesScores(settings) ? new Float32Array(decoder.vocab_size) : undefined;
  let live = prompts.map((prompt, row) => ({
    row,
    search: width === 1 ? new GreedyRow(prompt, settings, raw) : new BeamRow(prompt, settings),
  }));
  let beam_idx = Int32Array.from({ length: live.length * width }, (_, row) => row);
  let newTokens = prompts[0]?.length ?? 0;
  while (live.length > 0) {
    settings.signal?.throwIfAborted();
    const input_ids = live.flatMap(({ search }) => search.running.flatMap((ids) => ids.slice(-newTokens)));
    const logits = await decoder.step(input_ids, live.length * width, newTokens, beam_idx);
    newTokens = 1;
    const parents = live.map(({ search }, place) =>
      search.advance(logits.subarray(place * size, (place + 1) * size)).map((parent) => place * width + parent),
    );
    const kept = live.flatMap(({ search }, place) => (search.isDone ? [] : [place]));
    for (const { row, search } of live) if (search.isDone) onRow({ row, ids: search.best, score: search.score });
    if (kept.length < live.length && kept.length > 0)
      decoder.keepRows(kept.flatMap((place) => parents[place].map((_, beam) => place * width + beam)));
    beam_idx = Int32Array.from(kept.flatMap((place) => parents[place]));
    live = kept.map((place) => live[place]);
  }
}

/** Greedy search of one row. */
class GreedyRow implements RowSearch {
  readonly #ids: number[];
  readonly #promptLength: number;
  #sum = 0;

  constructor(
    prompt: readonly number[],
    private readonly settings: SearchSettings,
    /** For the scores before they are processed; absent where nothing changes them. */
    private readonly raw: Float32Array | undefined,
  ) {
    this.#ids = [...prompt];
    this.#promptLength = prompt.length;
  }

  get running(): readonly (readonly number[])[] {
    return [this.#ids];
  }
  get best(): readonly number[] {
    return this.#ids;
  }
  get isDone(): boolean {
    const { eos_token_id, max_length } = this.settings;
    const length = this.#ids.length;
    return length >= max_length || (length > this.#promptLength && this.#ids[length - 1] === eos_token_id);
  }
  get score(): number {
    return Math.exp(this.#sum);
  }

  advance(logits: Float32Array): readonly number[] {
    const { raw } = this;
    raw?.set(logits);
    processScores(logits, this.#ids, this.settings);
    const id = argmax(logits);
    const scores = raw ?? logits;
    this.#sum += scores[id] - logSumExp(scores);
    this.#ids.push(id);
    return [0];
  }
}

/** Beam search of one row, with the end that it has alone. */
class BeamRow implements RowSearch {
  readonly #group: BeamGroup;
  #length: number;

  constructor(
    prompt: readonly number[],
    private readonly settings: SearchSettings,
  ) {
    this.#group = new BeamGroup(prompt, { ...settings, output_probabilities: true });
    this.#length = prompt.length;
  }

  get running(): readonly (readonly number[])[] {
    return this.#group.running;
  }
  get best(): readonly number[] {
    return this.#group.best[0].ids;
  }
  get isDone(): boolean {
    const { early_stopping, max_length } = this.settings;
    const { canImprove, isFull, allStopped } = this.#group;
    return this.#length >= max_length || !canImprove || allStopped || (early_stopping === true && isFull);
  }
  get score(): number {
    const [{ logs }] = this.#group.best;
    return Math.exp(logs.reduce((sum, log) => sum + log, 0));
  }

  advance(logits: Float32Array): readonly number[] {
    this.#length++;
    return this.#group.advance(logits);
  }
}
