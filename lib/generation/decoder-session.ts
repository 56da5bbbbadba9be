// One generation with the text decoder: an inference request whose state holds the caches, and the arrays it reads and writes.
import type { CompiledModel, InferRequest, OpenVINO, Tensor } from '../openvino';
import type { DecoderStep } from './decoder-step';

/** Encoder states that the decoder looks at: [rows or 1, source, size] f32, and which of them are real: [rows or 1, source]. */
export interface EncoderStates {
  readonly data: Float32Array;
  readonly dims: readonly [rows: number, source: number, size: number];
  readonly attention_mask?: BigInt64Array;
}

/**
 * A fresh request starts with empty caches, so a session serves one generation. Dispose it at the end.
 * Nothing of a step's size is allocated per token but the attention mask's handle.
 */
export class DecoderSession implements DecoderStep {
  readonly vocab_size: number;
  readonly #request: InferRequest;
  readonly #ones: BigInt64Array;
  readonly #position = new BigInt64Array(1);
  #ids = new BigInt64Array(0);
  #beams = new Int32Array(0);
  #logits = new Float32Array(0);
  #past = 0;
  #masks: Tensor[] = [];

  /** @param max_length the longest text of this generation, for the mask @param texts how many are written, beams counted one by one */
  constructor(
    private readonly openvino: OpenVINO,
    decoder: CompiledModel,
    states: EncoderStates,
    max_length: number,
    texts = states.dims[0],
  ) {
    const vocabulary = decoder.outputs[0].getPartialShape()[2];
    if (typeof vocabulary !== 'number')
      throw new RangeError("The text decoder's vocabulary size is not fixed in its IR.");
    this.vocab_size = vocabulary;
    const [rows, source] = states.dims;
    this.#ones = new BigInt64Array(texts * max_length).fill(1n);
    this.#request = decoder.createInferRequest();
    this.#request.setTensor('encoder_hidden_states', new openvino.Tensor('f32', states.dims, states.data));
    this.#request.setTensor(
      'encoder_attention_mask',
      new openvino.Tensor('i64', [rows, source], states.attention_mask ?? new BigInt64Array(rows * source).fill(1n)),
    );
  }

  async step(input_ids: readonly number[], rows: number, length: number, beam_idx: Int32Array): Promise<Float32Array> {
    if (length !== 1 || this.#ids.length !== rows) this.#bind(rows, length);
    for (let i = 0; i < input_ids.length; i++) this.#ids[i] = BigInt(input_ids[i]);
    this.#beams.set(beam_idx);
    if (length === 1) this.#position[0] = BigInt(this.#past);
    this.#past += length;
    const mask = new this.openvino.Tensor('i64', [rows, this.#past], this.#ones.subarray(0, rows * this.#past));
    this.#request.setTensor('attention_mask', mask);
    this.#masks.push(mask);
    await this.#request.runAsync();
    this.#request.readInto('logits', this.#logits);
    return this.#logits;
  }

  dispose(): void {
    this.#request.dispose();
    for (const mask of this.#masks) mask.dispose();
    this.#masks = [];
  }

  /** Binds arrays of the step's size: once for the prompt, once for all later steps. */
  #bind(rows: number, length: number): void {
    const { Tensor } = this.openvino;
    this.#ids = new BigInt64Array(rows * length);
    this.#beams = new Int32Array(rows);
    this.#logits = new Float32Array(rows * this.vocab_size);
    const positions = length === 1 ? this.#position : BigInt64Array.from({ length }, (_, i) => BigInt(this.#past + i));
    this.#request.setTensor('input_ids', new Tensor('i64', [rows, length], this.#ids));
    this.#request.setTensor('position_ids', new Tensor('i64', [1, length], positions));
    this.#request.setTensor('beam_idx', new Tensor('i32', [rows], this.#beams));
  }
}
