// A BLIP model under construction: the operations of a graph, the checkpoint's weights, and the layers that all three
// models share. Shapes: b batch, l tokens, h heads, d head size.
import type { BlipCheckpoint, BlipConfig, HiddenActivation } from '../checkpoint';
import { GraphBuilder, type Value } from '../ir';
import { activation } from './activation';
import { Weights, type WeightsOptions } from './weights';

/** What a graph is made with. */
export interface GraphOptions extends WeightsOptions {
  /** Cross-attention probabilities are outputs of the text models; the vision model has no cross-attention. */
  readonly output_attentions?: boolean;
}

/**
 * Layers take their tensors by the checkpoint's names: `g.linear(x, 'itm_head')` reads `itm_head.weight` and
 * `itm_head.bias`.
 *
 * @example
 * const g = new BlipGraph('blip_vision_model', checkpoint, { compressToFP16: true });
 * const pixel_values = g.parameter('pixel_values', 'f32', [-1, 3, 384, 384]);
 */
export class BlipGraph extends GraphBuilder {
  readonly #weights: Weights;

  constructor(
    name: string,
    readonly checkpoint: BlipCheckpoint,
    options: WeightsOptions,
  ) {
    super(name);
    this.#weights = new Weights(this, checkpoint, options);
  }

  get config(): BlipConfig {
    return this.checkpoint.config;
  }

  /** The number of values in the weights so far. */
  get parameterCount(): number {
    return this.#weights.parameterCount;
  }

  /** The number of values in the tensors that the graph does without. */
  get leftOutCount(): number {
    return this.#weights.leftOutCount;
  }

  /** Says that the graph does without this tensor of the checkpoint, because it changes no output. */
  leaveOut(name: string): void {
    this.#weights.leaveOut(name);
  }

  /** A tensor of the checkpoint as f32. Several names give the tensors concatenated along the first axis. */
  weight(names: string | readonly string[]): Value {
    return this.#weights.get(names);
  }

  /**
   * A bias or scale [n], with leading axes of size 1 so that it broadcasts over a tensor of this rank. Several names
   * are concatenated.
   */
  vector(names: string | readonly string[], rank: number): Value {
    return this.#weights.vector(names, rank);
  }

  /** x [b, l, in] -> [b, l, out]: PyTorch's Linear, weight [out, in]. */
  linear(x: Value, name: string): Value {
    const product = this.matmul(x, this.weight(`${name}.weight`), `${name}/matmul`, { transposeB: true });
    return this.add(product, this.vector(`${name}.bias`, x.shape.length), name);
  }

  /**
   * Linear layers of equal sizes over the same x [b, l, in], such as query, key and value, as one matrix product: [b,
   * l, out] each.
   */
  fusedLinear(x: Value, names: readonly string[], name: string): Value[] {
    const weights = this.weight(names.map((each) => `${each}.weight`));
    const product = this.matmul(x, weights, `${name}/matmul`, { transposeB: true });
    const biases = names.map((each) => `${each}.bias`);
    const sum = this.add(product, this.vector(biases, x.shape.length), name);
    return this.split(sum, x.shape.length - 1, names.length, `${name}/parts`);
  }

  /** x [..., n] normalized over its last axis, times weight, plus bias. */
  layerNorm(x: Value, name: string, epsilon: number): Value {
    const normalized = this.mvn(x, epsilon, `${name}/normalize`);
    const scaled = this.multiply(normalized, this.vector(`${name}.weight`, x.shape.length), `${name}/scale`);
    return this.add(scaled, this.vector(`${name}.bias`, x.shape.length), name);
  }

  /** The feed-forward network of a layer: two linear layers with an activation function between them. */
  feedForward(x: Value, [up, down]: readonly [up: string, down: string], kind: HiddenActivation): Value {
    const intermediate = activation(this, this.linear(x, up), kind, `${up}/activation`);
    return this.linear(intermediate, down);
  }

  /** x [b, l, h * d] -> [b, h, l, d] */
  splitHeads(x: Value, heads: number, name: string): Value {
    const size = x.shape[2] / heads;
    const split = this.reshape(x, [0, 0, heads, size], `${name}/split_heads`);
    return this.transpose(split, [0, 2, 1, 3], `${name}/heads`);
  }

  /** x [b, h, l, d] -> [b, l, h * d] */
  mergeHeads(x: Value, name: string): Value {
    const tokens = this.transpose(x, [0, 2, 1, 3], `${name}/tokens`);
    return this.reshape(tokens, [0, 0, x.shape[1] * x.shape[3]], `${name}/merge_heads`);
  }
}
