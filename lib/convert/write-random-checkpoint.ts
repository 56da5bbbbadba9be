// A checkpoint of BLIP's size with random weights, in Hugging Face's format. Speed and size do not depend on the
// values, so it shows what a model costs on a machine before anything is downloaded. Its texts mean nothing.
import * as fs from 'node:fs';
import * as path from 'node:path';
import { removeQuietly } from '../core/remove-quietly';
import { checkArguments } from '../core/check-arguments';
import { checkOptions, OptionsError } from '../core/check-options';
import { describeValue } from '../core/describe-value';
import { makeFolder } from '../core/make-folder';
import { writeWhole } from '../core/write-whole';
import { parseBlipConfig } from '../checkpoint';
import { expectedTensors } from './expected-tensors';

export interface RandomCheckpointOptions {
  /** Layers of each part; blip-vqa-base has 12. */
  readonly num_hidden_layers: number;
  /** Words, among them the special tokens; blip-vqa-base has 30,524. At least 200. */
  readonly vocab_size: number;
}

/** blip-vqa-base's config.json, as far as it matters here. */
const TEXT = {
  hidden_size: 768,
  encoder_hidden_size: 768,
  intermediate_size: 3072,
  num_attention_heads: 12,
  max_position_embeddings: 512,
  eos_token_id: 2,
  pad_token_id: 0,
  sep_token_id: 102,
  layer_norm_eps: 1e-12,
  hidden_act: 'gelu',
  projection_dim: 768,
  is_decoder: true,
};
const VISION = {
  hidden_size: 768,
  intermediate_size: 3072,
  num_attention_heads: 12,
  image_size: 384,
  patch_size: 16,
  hidden_act: 'gelu',
  layer_norm_eps: 1e-5,
};
const PREPROCESSOR = {
  image_processor_type: 'BlipImageProcessor',
  do_convert_rgb: true,
  do_resize: true,
  size: { height: 384, width: 384 },
  resample: 3,
  do_rescale: true,
  rescale_factor: 1 / 255,
  do_normalize: true,
  image_mean: [0.48145466, 0.4578275, 0.40821073],
  image_std: [0.26862954, 0.26130258, 0.27577711],
};

const TOKENIZER = {
  tokenizer_class: 'BertTokenizer',
  do_lower_case: true,
  bos_token: '[DEC]',
  additional_special_tokens: ['[ENC]'],
};

/** Standard deviation of BERT's initialization. */
const STD = 0.02;

/** A million values, used again and again. */
const NOISE_LENGTH = 2 ** 20;

const FIRST_WORD = 104;

/** BERT's special tokens stand at 0 and 100 to 103, BLIP's at the end. */
const MIN_VOCABULARY = 200;
const MAX_VOCABULARY = 1_000_000;
const MAX_LAYERS = 100;

/**
 * Writes a BlipForQuestionAnswering of blip-vqa-base's sizes: config.json, model.safetensors (F32: 1.5 GB with 12
 * layers), preprocessor_config.json, tokenizer_config.json and a made-up vocab.txt. A folder that has them is left as
 * it is. The same options give the same bytes.
 *
 * @returns the folder
 * @throws {OptionsError | ArgumentError} for options that are no such sizes
 * @example
 * await writeRandomCheckpoint('output/one-layer', { num_hidden_layers: 1, vocab_size: 1000 }) // 'output/one-layer'
 */
export async function writeRandomCheckpoint(folder: string, options: RandomCheckpointOptions): Promise<string> {
  checkArguments('writeRandomCheckpoint', { folder: [folder, 'path'], options: [options, 'object'] });
  checkOptions('writeRandomCheckpoint', options, ['num_hidden_layers', 'vocab_size']);
  const { num_hidden_layers, vocab_size } = options;
  checkCount('num_hidden_layers', num_hidden_layers, 1, MAX_LAYERS);
  checkCount('vocab_size', vocab_size, MIN_VOCABULARY, MAX_VOCABULARY);
  const config = {
    architectures: ['BlipForQuestionAnswering'],
    model_type: 'blip',
    projection_dim: 512,
    image_text_hidden_size: 256,
    text_config: { ...TEXT, vocab_size, num_hidden_layers, bos_token_id: vocab_size - 2 },
    vision_config: { ...VISION, num_hidden_layers },
  };
  const complete = `${JSON.stringify(config, null, 2)}\n`;
  const file = path.join(folder, 'config.json'); // written last: it marks the folder as complete
  if (fs.existsSync(file) && fs.readFileSync(file, 'utf8') === complete) return folder;
  await makeFolder(folder);
  const shapes = expectedTensors(parseBlipConfig(config, file), 'visual-question-answering');
  await writeTensors(path.join(folder, 'model.safetensors'), shapes);
  writeWhole(path.join(folder, 'preprocessor_config.json'), `${JSON.stringify(PREPROCESSOR, null, 2)}\n`);
  writeWhole(path.join(folder, 'vocab.txt'), vocabulary(vocab_size));
  writeWhole(path.join(folder, 'tokenizer_config.json'), `${JSON.stringify(TOKENIZER, null, 2)}\n`);
  writeWhole(file, complete);
  return folder;
}

function checkCount(name: string, value: unknown, least: number, most: number): void {
  if (typeof value === 'number' && Number.isInteger(value) && value >= least && value <= most) return;
  throw new OptionsError(
    `writeRandomCheckpoint: ${name} is ${describeValue(value)}, expected a whole number from ${least} to ${most}.`,
  );
}

/** A safetensors file, under another name until it is complete. */
async function writeTensors(file: string, shapes: ReadonlyMap<string, readonly number[]>): Promise<void> {
  const header: Record<string, unknown> = { __metadata__: { format: 'pt' } };
  let end = 0;
  for (const [name, shape] of shapes) {
    const bytes = Float32Array.BYTES_PER_ELEMENT * elements(shape);
    header[name] = { dtype: 'F32', shape, data_offsets: [end, end + bytes] };
    end += bytes;
  }
  const text = Buffer.from(JSON.stringify(header));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(text.length));
  const temporary = `${file}.${process.pid}.tmp`;
  try {
    const out = await fs.promises.open(temporary, 'w');
    try {
      await out.writev([length, text]);
      const noise = normalNoise(NOISE_LENGTH);
      let seed = 0;
      for (const [name, shape] of shapes)
        await out.writeFile(new Uint8Array(randomTensor(name, elements(shape), noise, ++seed).buffer));
    } finally {
      await out.close();
    }
    await fs.promises.rename(temporary, file);
  } finally {
    await removeQuietly(temporary);
  }
}

function elements(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}

/** Pieces of the noise from a place that depends on the tensor; normalizations as they are before training. */
function randomTensor(name: string, length: number, noise: Float32Array, seed: number): Float32Array {
  const out = new Float32Array(length);
  if (/norm/i.test(name)) return out.fill(name.endsWith('weight') ? 1 : 0);
  for (let at = 0, from = (seed * 7919) % (noise.length / 2); at < length; from = (at * 31 + seed) % 997) {
    const piece = noise.subarray(from, from + length - at);
    out.set(piece, at);
    at += piece.length;
  }
  return out;
}

/** Normal values with BERT's deviation, by Box and Muller's method over a small seeded generator. */
function normalNoise(length: number): Float32Array {
  let state = 12_345;
  const uniform = (): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return (state + 0.5) / 2 ** 32;
  };
  return Float32Array.from(
    { length },
    () => STD * Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform()),
  );
}

/** BERT's special tokens at their places, a question's words, and made-up words everywhere else. */
function vocabulary(size: number): string {
  const special = new Map([
    [0, '[PAD]'],
    [100, '[UNK]'],
    [101, '[CLS]'],
    [102, '[SEP]'],
    [103, '[MASK]'],
    [size - 2, '[DEC]'],
    [size - 1, '[ENC]'],
  ]);
  const question = 'how many dogs are in the picture ?'.split(' ');
  const word = (_: unknown, id: number): string => special.get(id) ?? question[id - FIRST_WORD] ?? `w${id}`;
  return `${Array.from({ length: size }, word).join('\n')}\n`;
}
