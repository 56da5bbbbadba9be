// One generation with the text decoder: an inference request whose state is the KV cache, and the arrays that it reads
// and writes.
import type { CompiledModel, InferRequest, OpenVINO, Tensor } from '../openvino';
import { BlipModelError } from './check-inputs';
import { packingWeights } from './compiled/release-weights';
import type { DecoderStep } from './decoder-step';
import { keepRows, selectRows } from './repeat-rows';
import { readOutput, type EncoderOutput } from './run-encoder';

/**
 * Encoder states that the decoder attends to: [rows or 1, source, size] f32, with their mask: [rows or 1, source] i64.
 */
export interface EncoderStates {
  readonly data: Float32Array;
  readonly dims: readonly [rows: number, source: number, size: number];
  readonly attention_mask?: BigInt64Array;
}

export interface DecoderSessionOptions {
  readonly openvino: OpenVINO;
  readonly decoder: CompiledModel;
  readonly states: EncoderStates;
  /** Whether nobody else reads the states: then those of rows that are left may take the place of others. */
  readonly ownsStates?: boolean;
  /** Rows of the generation: texts, times beams. */
  readonly rows: number;
  /** The longest text of this generation, for the size of the attention mask. */
  readonly max_length: number;
}

/**
 * A fresh request starts with an empty cache, so a session serves one generation. Dispose it at the end.
 * Per token, only the handle of the attention mask is allocated.
 */
export class DecoderSession implements DecoderStep {
  readonly vocab_size: number;
  readonly #openvino: OpenVINO;
  readonly #decoder: CompiledModel;
  readonly #request: InferRequest;
  /** The attention mask of every step is a part of this. */
  readonly #ones: BigInt64Array;
  readonly #position = new BigInt64Array(1);
  #states: EncoderStates;
  #ownsStates: boolean;
  #ids = new BigInt64Array(0);
  #beams = new Int32Array(0);
  #logits = new Float32Array(0);
  #past = 0;
  #masks: Tensor[] = [];

  constructor({ openvino, decoder, states, ownsStates = false, rows, max_length }: DecoderSessionOptions) {
    const logits = decoder.outputs.find((port) => port.getAnyName() === 'logits');
    const vocab_size = logits?.getPartialShape()[2];
    if (typeof vocab_size !== 'number')
      throw new BlipModelError(
        `The text decoder's vocabulary size is ${JSON.stringify(vocab_size)}, expected a fixed size. Convert the ` +
          'checkpoint again.',
      );
    this.vocab_size = vocab_size;
    this.#openvino = openvino;
    this.#ones = new BigInt64Array(rows * max_length).fill(1n);
    this.#decoder = decoder;
    this.#request = decoder.createInferRequest();
    this.#states = states;
    this.#ownsStates = ownsStates;
    this.#bindStates();
  }

  async step(input_ids: readonly number[], rows: number, length: number, beam_idx: Int32Array): Promise<Float32Array> {
    if (length !== 1 || this.#ids.length !== rows) this.#bind(rows, length);
    for (let i = 0; i < input_ids.length; i++) this.#ids[i] = BigInt(input_ids[i]);
    this.#beams.set(beam_idx);
    if (length === 1) this.#position[0] = BigInt(this.#past);
    this.#past += length;
    const mask = new this.#openvino.Tensor('i64', [rows, this.#past], this.#ones.subarray(0, rows * this.#past));
    this.#request.setTensor('attention_mask', mask);
    this.#masks.push(mask);
    await packingWeights(this.#decoder, () => this.#request.runAsync());
    this.#request.readInto('logits', this.#logits);
    return this.#logits;
  }

  /** A copy of another output of the last step. @param folder for messages */
  output(name: string, folder: string): EncoderOutput {
    return readOutput(this.#request, name, folder);
  }

  /** From the next step on, whose `beam_idx` says which rows of the cache they continue. */
  keepRows(rows: readonly number[]): void {
    if (this.#states.dims[0] === 1) return; // one image serves all rows
    this.#states = this.#ownsStates ? keepRows(this.#states, rows) : selectRows(this.#states, rows);
    this.#ownsStates = true;
    this.#bindStates();
  }

  dispose(): void {
    this.#request.dispose();
    for (const mask of this.#masks) mask.dispose();
    this.#masks = [];
  }

  #bindStates(): void {
    const { data, dims, attention_mask } = this.#states;
    const [rows, source] = dims;
    const mask = attention_mask ?? new BigInt64Array(rows * source).fill(1n);
    const { Tensor } = this.#openvino;
    this.#request.setTensor('encoder_hidden_states', new Tensor('f32', dims, data));
    this.#request.setTensor('encoder_attention_mask', new Tensor('i64', [rows, source], mask));
  }

  /** Binds arrays of the step's size: once for the prompt, and once for all later steps. */
  #bind(rows: number, length: number): void {
    const { Tensor } = this.#openvino;
    this.#ids = new BigInt64Array(rows * length);
    this.#beams = new Int32Array(rows);
    // Rows only become fewer: the array of the first step serves all
    const size = rows * this.vocab_size;
    this.#logits = this.#logits.length < size ? new Float32Array(size) : this.#logits.subarray(0, size);
    const positions = length === 1 ? this.#position : BigInt64Array.from({ length }, (_, i) => BigInt(this.#past + i));
    this.#request.setTensor('input_ids', new Tensor('i64', [rows, length], this.#ids));
    this.#request.setTensor('position_ids', new Tensor('i64', [1, length], positions));
    this.#request.setTensor('beam_idx', new Tensor('i32', [rows], this.#beams));
  }
}
