// Writes a checkpoint of the exact size of Salesforce/blip-vqa-base with random weights, in Hugging Face's format.
// Speed and size do not depend on the values, so this stands in for the real one where that cannot be downloaded.
import * as fs from 'node:fs';
import * as path from 'node:path';
import { expectedTensors, parseBlipConfig } from '../lib';

/** blip-vqa-base's config.json, as far as it matters here. */
export const BLIP_BASE = {
  architectures: ['BlipForQuestionAnswering'],
  model_type: 'blip',
  projection_dim: 512,
  image_text_hidden_size: 256,
  text_config: {
    vocab_size: 30524,
    hidden_size: 768,
    encoder_hidden_size: 768,
    intermediate_size: 3072,
    num_hidden_layers: 12,
    num_attention_heads: 12,
    max_position_embeddings: 512,
    bos_token_id: 30522,
    eos_token_id: 2,
    pad_token_id: 0,
    sep_token_id: 102,
    layer_norm_eps: 1e-12,
    hidden_act: 'gelu',
    projection_dim: 768,
    is_decoder: true,
  },
  vision_config: {
    hidden_size: 768,
    intermediate_size: 3072,
    num_hidden_layers: 12,
    num_attention_heads: 12,
    image_size: 384,
    patch_size: 16,
    hidden_act: 'gelu',
    layer_norm_eps: 1e-5,
  },
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

/** Standard deviation of BERT's initialization. */
const STD = 0.02;

/** Writes the folder once; a complete one is left as it is. F32, 1.5 GB. */
export async function makeCheckpoint(folder: string): Promise<void> {
  if (fs.existsSync(path.join(folder, 'config.json'))) return;
  fs.mkdirSync(folder, { recursive: true });
  const shapes = expectedTensors(parseBlipConfig(BLIP_BASE, 'BLIP_BASE'), 'visual-question-answering');
  const header: Record<string, unknown> = { __metadata__: { format: 'pt' } };
  let end = 0;
  for (const [name, shape] of shapes) {
    const bytes = 4 * shape.reduce((product, dim) => product * dim, 1);
    header[name] = { dtype: 'F32', shape, data_offsets: [end, end + bytes] };
    end += bytes;
  }
  const text = Buffer.from(JSON.stringify(header));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(text.length));
  const file = fs.createWriteStream(path.join(folder, 'model.safetensors.tmp'));
  const write = (data: Uint8Array): Promise<void> =>
    new Promise((resolve, reject) => file.write(data, (error) => (error ? reject(error) : resolve())));
  await write(length);
  await write(text);
  const noise = normalNoise(1 << 20);
  let seed = 1;
  for (const [name, shape] of shapes) await write(new Uint8Array(randomTensor(name, shape, noise, seed++).buffer));
  await new Promise<void>((resolve) => file.end(resolve));
  fs.renameSync(path.join(folder, 'model.safetensors.tmp'), path.join(folder, 'model.safetensors'));
  fs.writeFileSync(path.join(folder, 'preprocessor_config.json'), JSON.stringify(PREPROCESSOR));
  fs.writeFileSync(path.join(folder, 'vocab.txt'), vocabulary(BLIP_BASE.text_config.vocab_size));
  // last: marks the folder as complete
  fs.writeFileSync(path.join(folder, 'config.json'), JSON.stringify(BLIP_BASE, null, 1));
}

function randomTensor(name: string, shape: readonly number[], noise: Float32Array, seed: number): Float32Array {
  const out = new Float32Array(shape.reduce((product, dim) => product * dim, 1));
  const norm = /norm/i.test(name);
  if (norm) return out.fill(name.endsWith('weight') ? 1 : 0);
  let at = (seed * 7919) % noise.length;
  for (let i = 0; i < out.length; i++) {
    out[i] = noise[at] * STD;
    if (++at === noise.length) at = (i * 31 + seed) % 997;
  }
  return out;
}

/** Normal values by the polar method over a small seeded generator. */
function normalNoise(length: number): Float32Array {
  const out = new Float32Array(length);
  let state = 12345;
  const uniform = (): number => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return (state + 0.5) / 2 ** 32;
  };
  for (let i = 0; i < length; i++) out[i] = Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform());
  return out;
}

/** BERT's special tokens at their places, made-up words everywhere else. */
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
  return `${Array.from({ length: size }, (_, id) => special.get(id) ?? question[id - 1000] ?? `w${id}`).join('\n')}\n`;
}
