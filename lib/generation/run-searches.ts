// Runs the search of a generation: all rows at once, or, where prompts have different lengths, those of one length
// after the other, so that every row gets what it gets alone.
import type { CompiledModel, OpenVINO } from '../openvino';
import { beamSearch } from './beam-search';
import { DecoderSession, type EncoderStates } from './decoder-session';
import type { SearchSettings } from './generation-options';
import { GenerationOptionsError } from './generation-options-error';
import { greedySearch } from './greedy-search';
import { repeatEach, selectRows } from './repeat-rows';
import type { SearchResult } from './search-result';

/** What a search reads: encoder states of each row or one for all, and the tokens that each row begins with. */
export interface SearchInputs {
  readonly openvino: OpenVINO;
  readonly decoder: CompiledModel;
  readonly states: EncoderStates;
  readonly prompts: readonly (readonly number[])[];
  /** Settings by length of the prompt. */
  readonly settings: ReadonlyMap<number, SearchSettings>;
}

/**
 * Settings for each length of a prompt.
 *
 * @param resolve of one length
 * @throws {GenerationOptionsError} when the prompts have different lengths and the options ask for what is step by step
 */
export function settingsByLength(
  prompts: readonly (readonly number[])[],
  resolve: (promptLength: number) => SearchSettings,
): Map<number, SearchSettings> {
  const lengths = [...new Set(prompts.map(({ length }) => length))];
  const all = new Map(lengths.map((length) => [length, resolve(length)]));
  const [first] = all.values();
  if (lengths.length > 1 && (first.on_token || first.output_scores))
    throw new GenerationOptionsError(
      `${first.on_token ? 'on_token' : 'output_scores'} needs prompts of one length, got ` +
        `lengths ${lengths.join(', ')}: ` +
        'rows with different prompts do not run in one batch. Leave it out, or make one call per prompt.',
    );
  // A seed that was not given is the same for all
  for (const [length, settings] of all)
    if (settings.sampling && first.sampling)
      all.set(length, { ...settings, sampling: { ...settings.sampling, seed: first.sampling.seed } });
  return all;
}

export async function runSearches(inputs: SearchInputs): Promise<SearchResult> {
  const { prompts, settings } = inputs;
  const [first] = settings.values();
  if (settings.size === 1) return runSearch(inputs, first);
  const results: { readonly rows: readonly number[]; readonly result: SearchResult }[] = [];
  for (const [length, each] of settings) {
    const rows = prompts.flatMap((prompt, row) => (prompt.length === length ? [row] : []));
    const part = {
      ...inputs,
      states: selectRows(inputs.states, rows),
      prompts: rows.map((row) => prompts[row]),
    };
    results.push({ rows, result: await runSearch(part, { ...each, rows }) });
  }
  return merge(results, first);
}

async function runSearch(
  { openvino, decoder, states, prompts }: SearchInputs,
  settings: SearchSettings,
): Promise<SearchResult> {
  const { num_beams, num_return_sequences, max_length } = settings;
  const perRow = num_beams === 1 ? num_return_sequences : num_beams;
  const session = new DecoderSession({
    openvino,
    decoder,
    states: repeatEach(states, perRow),
    rows: prompts.length * perRow,
    max_length,
  });
  try {
    return await (num_beams === 1 ? greedySearch : beamSearch)(session, prompts, settings);
  } finally {
    session.dispose();
  }
}

/** Results in the order of the rows, padded to the longest. */
function merge(
  parts: readonly { readonly rows: readonly number[]; readonly result: SearchResult }[],
  { num_return_sequences: texts, num_beams, pad_token_id, eos_token_id }: SearchSettings,
): SearchResult {
  const inOrder = <T>(listOf: (result: SearchResult) => readonly T[]): T[] => {
    const ordered: T[] = [];
    for (const { rows, result } of parts)
      for (const [i, row] of rows.entries())
        for (let text = 0; text < texts; text++) ordered[row * texts + text] = listOf(result)[i * texts + text];
    return ordered;
  };
  const sequences = inOrder((result) => result.sequences);
  const longest = Math.max(...sequences.map(({ length }) => length));
  const pad = num_beams > 1 ? pad_token_id || eos_token_id : pad_token_id;
  return {
    sequences: sequences.map((ids) => [...ids, ...Array<number>(longest - ids.length).fill(pad)]),
    steps: Math.max(...parts.map(({ result }) => result.steps)),
    token_log_probabilities: inOrder((result) => result.token_log_probabilities),
    ...(parts.every(({ result }) => result.sequences_scores) && {
      sequences_scores: inOrder((result) => result.sequences_scores ?? []),
    }),
    scores: [],
  };
}
