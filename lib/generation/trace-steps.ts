// Reads a text once more, token by token, and notes at each step what the decoder attended to and which tokens it found
// likely. The text may come from any search: greedy, beams, sampling, or a person.
//
// Attention does not depend on how a token was chosen, only on the tokens before it. So the search stays as it is, and
// beams need no bookkeeping of which beam an attention belongs to.
import type { CompiledModel, OpenVINO } from '../openvino';
import { DecoderSession, type EncoderStates } from './decoder-session';

/** Attention probabilities, row by row: [layers, heads, tokens attended to] f32. The last axis adds up to 1. */
export interface AttentionProbabilities {
  readonly data: Float32Array;
  readonly dims: readonly [layers: number, heads: number, source: number];
}

/** A token and the probability that the model gives it, from 0 to 1. */
export interface TokenProbability {
  readonly token_id: number;
  readonly probability: number;
}

/** The step of the decoder that wrote one token. */
export interface TracedStep extends TokenProbability {
  /** The likeliest tokens at this place, likeliest first. */
  readonly likeliest: readonly TokenProbability[];
  /** What the step attended to: of a caption image tokens, of an answer tokens of the question. */
  readonly cross_attentions: AttentionProbabilities;
}

interface TraceInputs {
  readonly openvino: OpenVINO;
  readonly decoder: CompiledModel;
  /** Of one row. */
  readonly states: EncoderStates;
  readonly folder: string;
  /** The outputs with attention, layer by layer. */
  readonly names: readonly string[];
  readonly prompt_length: number;
  readonly num_likeliest: number;
  readonly signal?: AbortSignal;
}

/** @param sequence token ids from the BOS token on, of one text */
export async function traceSteps(
  sequence: readonly number[],
  { openvino, decoder, states, folder, names, prompt_length, num_likeliest, signal }: TraceInputs,
): Promise<TracedStep[]> {
  const session = new DecoderSession({ openvino, decoder, states, rows: 1, max_length: sequence.length });
  const beam_idx = new Int32Array(1);
  const steps: TracedStep[] = [];
  try {
    let input_ids = sequence.slice(0, prompt_length);
    for (const token_id of sequence.slice(prompt_length)) {
      signal?.throwIfAborted();
      const logits = await session.step(input_ids, 1, input_ids.length, beam_idx);
      const probabilities = softmax(logits);
      steps.push({
        token_id,
        probability: probabilities[token_id],
        likeliest: likeliest(probabilities, num_likeliest),
        cross_attentions: lastToken(names.map((name) => session.output(name, folder))),
      });
      input_ids = [token_id];
    }
    return steps;
  } finally {
    session.dispose();
  }
}

/** Of each layer's [1, heads, tokens, source] the last token, which the next one is chosen by. */
function lastToken(layers: readonly { readonly data: Float32Array; readonly dims: readonly number[] }[]) {
  const [, heads, tokens, source] = layers[0].dims;
  const data = new Float32Array(layers.length * heads * source);
  layers.forEach((attention, layer) => {
    for (let head = 0; head < heads; head++) {
      const from = (head * tokens + tokens - 1) * source;
      data.set(attention.data.subarray(from, from + source), (layer * heads + head) * source);
    }
  });
  return { data, dims: [layers.length, heads, source] } as const;
}

/** In double precision. */
function softmax(logits: Float32Array): Float64Array {
  let largest = -Infinity;
  for (const logit of logits) if (logit > largest) largest = logit;
  const powers = Float64Array.from(logits, (logit) => Math.exp(logit - largest));
  let sum = 0;
  for (const power of powers) sum += power;
  return powers.map((power) => power / sum);
}

/** Equal probabilities keep the order of their ids. */
function likeliest(probabilities: Float64Array, count: number): TokenProbability[] {
  const best: TokenProbability[] = [];
  for (let token_id = 0; token_id < probabilities.length; token_id++) {
    const probability = probabilities[token_id];
    if (best.length === count && (count === 0 || probability <= best[count - 1].probability)) continue;
    let place = best.length;
    while (place > 0 && best[place - 1].probability < probability) place--;
    best.splice(place, 0, { token_id, probability });
    if (best.length > count) best.pop();
  }
  return best;
}
