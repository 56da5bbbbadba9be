// The text decoder's cross-attention: keys and values as variables of the model, computed from the encoder's states at a text's first
// step, read at all others.
//
// A ReadValue whose initial value is their projection does that; a fresh inference request starts with reset variables. Keys are kept
// as [b, h, d, source], the layout that the multiply wants: kept as [b, h, source, d] and appended to nothing by a Concat, as the
// decoder's self-attention's are, a decoder step on 577 image tokens took 11.8 ms, now 9.0 (BLIP-base, bf16, 2 cores); on a
// question's ten tokens 7.9 ms, now 6.8.
// The states are multiplied by their mask first. That sets masked states to zero, and it keeps the projection from reading a
// graph input directly: at bf16 the CPU plugin would then not notice new states of the same shape, and the next picture got
// the last picture's caption (OpenVINO 2026.4.1; tests/generation/fresh-state.test.ts checks it).
import * as op from '../ir';
import type { Value } from '../ir';
import { keysAndValues, type Attended } from './text-layers';
import type { Weights } from './weights';

/** states [b, source, n] with those that the mask [b, source] i64 hides set to zero. */
export function maskedStates(weights: Weights, states: Value, mask: Value): Value {
  const { graph } = weights;
  const shown = op.unsqueeze(graph, op.convert(graph, mask, 'f32', 'states_mask/f32'), [2], 'states_mask'); // [b, source, 1]
  return op.multiply(graph, states, shown, 'masked_states');
}

/** Keys as columns [b, h, d, source] and values [b, h, source, d] of `states` [b, source, n] for the block `name`. */
export function storedKeysAndValues(weights: Weights, states: Value, name: string): Omit<Attended, 'mask'> {
  const { graph } = weights;
  const { num_attention_heads: heads, hidden_size } = weights.checkpoint.config.text_config;
  const size = hidden_size / heads;
  const { key, value } = keysAndValues(weights, states, name);
  const keep = (part: 'key' | 'value', initial: Value, shape: readonly number[]): Value => {
    const variable = { id: `${name}.self.${part}.stored`, type: 'f32' as const, shape };
    const stored = graph.readValue(variable, initial);
    graph.assign(variable, stored);
    return stored;
  };
  const columns = op.transpose(graph, key, [0, 1, 3, 2], `${name}.self.key/columns`);
  return { key: keep('key', columns, [-1, heads, size, -1]), value: keep('value', value, [-1, heads, -1, size]), keysAreColumns: true };
}
