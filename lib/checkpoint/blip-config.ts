// config.json of a BLIP checkpoint as a type: checked, and with Hugging Face's defaults where a field is missing.
// Source of names and defaults: transformers' BlipConfig, BlipTextConfig, BlipVisionConfig (5.23).
import { checkArguments } from '../core/check-arguments';
import { describeValue } from '../core/describe-value';
import { BlipError } from '../core/errors';
import { parseTrainingNotes, type TrainingNotes } from './training-notes';

/** config.json does not describe a BLIP model that can be built; the message names the field. */
export class BlipConfigError extends BlipError {}

/** An activation, as transformers' ACT2FN names it, without the two that have weights of their own (prelu, xielu). */
export type HiddenActivation =
  | 'gelu'
  | 'gelu_new'
  | 'quick_gelu'
  | 'relu'
  | 'silu'
  | 'swish'
  | 'gelu_pytorch_tanh'
  | 'gelu_python_tanh'
  | 'gelu_fast'
  | 'gelu_accurate'
  | 'gelu_python'
  | 'gelu_10'
  | 'hardswish'
  | 'laplace'
  | 'leaky_relu'
  | 'linear'
  | 'mish'
  | 'relu2'
  | 'relu6'
  | 'sigmoid'
  | 'sqrtsoftplus'
  | 'tanh';

const ACTIVATIONS: readonly HiddenActivation[] = [
  'gelu',
  'gelu_new',
  'quick_gelu',
  'relu',
  'silu',
  'swish',
  'gelu_pytorch_tanh',
  'gelu_python_tanh',
  'gelu_fast',
  'gelu_accurate',
  'gelu_python',
  'gelu_10',
  'hardswish',
  'laplace',
  'leaky_relu',
  'linear',
  'mish',
  'relu2',
  'relu6',
  'sigmoid',
  'sqrtsoftplus',
  'tanh',
];

/** The largest BLIP has 24 layers; a graph is built layer by layer before its weights are looked for. */
const MAX_LAYERS = 1000;
/** Of hidden, intermediate and projected states. The largest BLIP has 4096. */
const MAX_SIZE = 65_536;
/** The largest multilingual vocabulary of BERT's kind has half a million tokens. */
const MAX_VOCABULARY = 2_000_000;
const MAX_POSITIONS = 1_000_000;
/** Language models have a handful. */
const MAX_END_TOKENS = 64;
/** Above this an image alone takes gigabytes. */
const MAX_IMAGE_SIZE = 16_384;

export interface BlipVisionConfig {
  readonly hidden_size: number;
  readonly intermediate_size: number;
  readonly num_hidden_layers: number;
  readonly num_attention_heads: number;
  readonly image_size: number;
  readonly patch_size: number;
  readonly hidden_act: HiddenActivation;
  readonly layer_norm_eps: number;
}

export interface BlipTextConfig {
  readonly vocab_size: number;
  readonly hidden_size: number;
  /**
   * Size of the states that cross-attention looks at in a text-only encoder; Hugging Face sets it to the vision size.
   */
  readonly encoder_hidden_size: number;
  readonly intermediate_size: number;
  readonly num_hidden_layers: number;
  readonly num_attention_heads: number;
  readonly max_position_embeddings: number;
  readonly hidden_act: HiddenActivation;
  readonly layer_norm_eps: number;
  readonly bos_token_id: number;
  readonly eos_token_id: number;
  readonly pad_token_id: number;
  readonly sep_token_id: number;
}

export interface BlipConfig {
  readonly model_type: 'blip';
  readonly architectures: readonly string[];
  readonly text_config: BlipTextConfig;
  readonly vision_config: BlipVisionConfig;
  readonly projection_dim: number;
  readonly image_text_hidden_size: number;
  /**
   * Whether the decoder's output matrix is its word embedding; false only where config.json says so for the whole model
   * and for its text part.
   */
  readonly tie_word_embeddings: boolean;
  /** What the checkpoint says about its own training; absent in the published ones. */
  readonly training_notes?: TrainingNotes;
}

/**
 * Parses and checks a config.json.
 *
 * @param json the parsed file
 * @param file its name, for messages
 * @example
 * parseBlipConfig({ model_type: 'blip' }, 'config.json').vision_config.image_size // 384
 * @throws {BlipConfigError}
 */
export function parseBlipConfig(json: unknown, file: string): BlipConfig {
  checkArguments('parseBlipConfig', { file: [file, 'text'] });
  const root = new Fields(json, file, '');
  const type = root.raw('model_type');
  if (type !== undefined && type !== 'blip')
    throw new BlipConfigError(
      `${file}: model_type is ${describeValue(type)}, expected "blip". This project runs BLIP (the first), not ` +
        'other models.',
    );
  const vision_config = parseVision(new Fields(root.raw('vision_config') ?? {}, file, 'vision_config.'));
  const text = new Fields(root.raw('text_config') ?? {}, file, 'text_config.');
  const text_config = parseText(text, vision_config.hidden_size);
  const architectures = root.raw('architectures');
  const training_notes = parseTrainingNotes(root.raw('training_notes'), (...problem) => root.fail(...problem));
  return {
    model_type: 'blip',
    architectures: Array.isArray(architectures)
      ? architectures.filter((name): name is string => typeof name === 'string')
      : [],
    text_config,
    vision_config,
    projection_dim: root.count('projection_dim', 512),
    image_text_hidden_size: root.count('image_text_hidden_size', 256),
    // transformers ties for either
    tie_word_embeddings: [root, text].map((fields) => fields.flag('tie_word_embeddings', true)).includes(true),
    ...(training_notes && { training_notes }),
  };
}

function parseVision(fields: Fields): BlipVisionConfig {
  const config: BlipVisionConfig = {
    hidden_size: fields.count('hidden_size', 768),
    intermediate_size: fields.count('intermediate_size', 3072),
    num_hidden_layers: fields.count('num_hidden_layers', 12, MAX_LAYERS),
    num_attention_heads: fields.count('num_attention_heads', 12),
    image_size: fields.count('image_size', 384, MAX_IMAGE_SIZE),
    patch_size: fields.count('patch_size', 16),
    hidden_act: fields.activation('hidden_act'),
    layer_norm_eps: fields.epsilon('layer_norm_eps', 1e-5),
  };
  fields.divides('num_attention_heads', config.num_attention_heads, 'hidden_size', config.hidden_size);
  if (config.patch_size > config.image_size)
    fields.fail('patch_size', config.patch_size, `at most image_size (${config.image_size})`);
  return config;
}

function parseText(fields: Fields, visionHiddenSize: number): BlipTextConfig {
  const config: BlipTextConfig = {
    vocab_size: fields.count('vocab_size', 30524, MAX_VOCABULARY),
    hidden_size: fields.count('hidden_size', 768),
    encoder_hidden_size: visionHiddenSize, // as BlipConfig's constructor does, whatever the file says
    intermediate_size: fields.count('intermediate_size', 3072),
    num_hidden_layers: fields.count('num_hidden_layers', 12, MAX_LAYERS),
    num_attention_heads: fields.count('num_attention_heads', 8),
    max_position_embeddings: fields.count('max_position_embeddings', 512, MAX_POSITIONS),
    hidden_act: fields.activation('hidden_act'),
    layer_norm_eps: fields.epsilon('layer_norm_eps', 1e-12),
    bos_token_id: fields.token('bos_token_id', 30522),
    eos_token_id: fields.firstToken('eos_token_id', 2),
    pad_token_id: fields.token('pad_token_id', 0),
    sep_token_id: fields.token('sep_token_id', 102),
  };
  fields.divides('num_attention_heads', config.num_attention_heads, 'hidden_size', config.hidden_size);
  return config;
}

function isToken(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}

/** Reads fields of one object and names them in errors. */
class Fields {
  readonly #values: Readonly<Record<string, unknown>>;
  constructor(
    json: unknown,
    readonly file: string,
    readonly prefix: string,
  ) {
    if (typeof json !== 'object' || json === null || Array.isArray(json))
      throw new BlipConfigError(
        `${file}: ${prefix.slice(0, -1) || 'the file'} is ${describeValue(json)}, expected an object.`,
      );
    this.#values = { ...json };
  }
  raw(name: string): unknown {
    return this.#values[name];
  }
  fail(name: string, got: unknown, expected: string): never {
    throw new BlipConfigError(`${this.file}: ${this.prefix}${name} is ${describeValue(got)}, expected ${expected}.`);
  }
  count(name: string, fallback: number, most = MAX_SIZE): number {
    const value = this.raw(name) ?? fallback;
    return typeof value === 'number' && Number.isSafeInteger(value) && value > 0 && value <= most
      ? value
      : this.fail(name, value, `a whole number from 1 to ${most}`);
  }
  token(name: string, fallback: number): number {
    const value = this.raw(name) ?? fallback;
    return isToken(value) ? value : this.fail(name, value, 'a token id (a whole number from 0)');
  }
  /** Where transformers takes one id or several. */
  firstToken(name: string, fallback: number): number {
    const value = this.raw(name);
    const ids: unknown[] = Array.isArray(value) ? value : [value ?? fallback];
    const [first, ...rest] = ids.map((id) =>
      isToken(id) ? id : this.fail(name, value, 'a token id (a whole number from 0), or a list of them'),
    );
    return first !== undefined && rest.length < MAX_END_TOKENS
      ? first
      : this.fail(name, value, `a token id, or a list of 1 to ${MAX_END_TOKENS}`);
  }
  epsilon(name: string, fallback: number): number {
    const value = this.raw(name) ?? fallback;
    return typeof value === 'number' && value > 0 && value < 1
      ? value
      : this.fail(name, value, 'a small number above 0');
  }
  flag(name: string, fallback: boolean): boolean {
    const value = this.raw(name) ?? fallback;
    return typeof value === 'boolean' ? value : this.fail(name, value, 'true or false');
  }
  activation(name: string): HiddenActivation {
    const value = this.raw(name) ?? 'gelu';
    return ACTIVATIONS.find((known) => known === value) ?? this.fail(name, value, `one of ${ACTIVATIONS.join(', ')}`);
  }
  divides(name: string, part: number, of: string, whole: number): void {
    if (whole % part !== 0) this.fail(name, part, `a divisor of ${of} (${whole})`);
  }
}
