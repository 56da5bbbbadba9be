// The tensors that a BLIP checkpoint must contain, with their shapes: read this beside a checkpoint's header.
// Names and layout as in transformers' modeling_blip.py and modeling_blip_text.py.
import * as path from 'node:path';
import { checkArguments } from '../core/check-arguments';
import {
  FLOAT_DTYPES,
  type BlipCheckpoint,
  type BlipConfig,
  type BlipTask,
  type CheckpointTensor,
} from '../checkpoint';
import { BlipError } from '../core/errors';
import { quote } from '../core/quote';
import { contrastiveLayers, type ContrastiveLayers } from './contrastive-features';
import { sameValues } from './same-values';

/**
 * The checkpoint's tensors do not fit its config.json; the message lists those that are missing, unexpected or of
 * another shape.
 */
export class CheckpointTensorsError extends BlipError {}

/** The decoder's output layer: word embedding and prediction bias, or a separate layer (`untied`). */
const OUTPUT = {
  weight: 'text_decoder.bert.embeddings.word_embeddings.weight',
  bias: 'text_decoder.cls.predictions.bias',
  untied: 'text_decoder.cls.predictions.decoder',
} as const;

type Shapes = Map<string, readonly number[]>;

/** Name and shape of every tensor that the conversion reads. */
export function expectedTensors(config: BlipConfig, task: BlipTask): Map<string, readonly number[]> {
  checkArguments('expectedTensors', { config: [config, ['vision_config', 'text_config']], task: [task, 'text'] });
  const shapes: Shapes = new Map();
  addVisionModel(shapes, config);
  const features = contrastiveLayers(config, task);
  if (task !== 'image-to-text') addTextModel(shapes, config, features?.textModel ?? 'text_encoder', !features?.pooled);
  if (features) addProjections(shapes, config, features);
  if (task === 'image-text-retrieval') addLinear(shapes, 'itm_head', config.text_config.hidden_size, 2);
  else if (task !== 'feature-extraction') {
    addTextModel(shapes, config, 'text_decoder.bert');
    const { hidden_size: H, vocab_size: V } = config.text_config;
    addLinear(shapes, 'text_decoder.cls.predictions.transform.dense', H, H);
    addLayerNorm(shapes, 'text_decoder.cls.predictions.transform.LayerNorm', H);
    shapes.set(OUTPUT.bias, [V]);
    if (!config.tie_word_embeddings) addLinear(shapes, OUTPUT.untied, H, V);
  }
  return shapes;
}

function addVisionModel(shapes: Shapes, { vision_config }: BlipConfig): void {
  const { hidden_size: H, intermediate_size: I, num_hidden_layers, image_size, patch_size: P } = vision_config;
  const patches = Math.floor(image_size / P) ** 2;
  shapes.set('vision_model.embeddings.class_embedding', [1, 1, H]);
  shapes.set('vision_model.embeddings.position_embedding', [1, patches + 1, H]);
  shapes.set('vision_model.embeddings.patch_embedding.weight', [H, 3, P, P]);
  shapes.set('vision_model.embeddings.patch_embedding.bias', [H]);
  for (let i = 0; i < num_hidden_layers; i++) {
    const layer = `vision_model.encoder.layers.${i}`;
    addLayerNorm(shapes, `${layer}.layer_norm1`, H);
    addLinear(shapes, `${layer}.self_attn.qkv`, H, 3 * H);
    addLinear(shapes, `${layer}.self_attn.projection`, H, H);
    addLayerNorm(shapes, `${layer}.layer_norm2`, H);
    addLinear(shapes, `${layer}.mlp.fc1`, H, I);
    addLinear(shapes, `${layer}.mlp.fc2`, I, H);
  }
  addLayerNorm(shapes, 'vision_model.post_layernorm', H);
}

/** Those of BlipModel have no bias, and its text model has a pooler before. */
function addProjections(shapes: Shapes, config: BlipConfig, features: ContrastiveLayers): void {
  const [vision, text] = [config.vision_config.hidden_size, config.text_config.hidden_size];
  addLinear(shapes, features.imageProjection, vision, features.size, !features.pooled);
  addLinear(shapes, features.textProjection, text, features.size, !features.pooled);
  if (features.pooled) addLinear(shapes, `${features.textModel}.pooler.dense`, text, text);
}

function addTextModel(shapes: Shapes, { text_config }: BlipConfig, prefix: string, hasCrossAttention = true): void {
  const {
    hidden_size: H,
    intermediate_size: I,
    encoder_hidden_size: E,
    num_hidden_layers,
    vocab_size,
    max_position_embeddings,
  } = text_config;
  shapes.set(`${prefix}.embeddings.word_embeddings.weight`, [vocab_size, H]);
  shapes.set(`${prefix}.embeddings.position_embeddings.weight`, [max_position_embeddings, H]);
  addLayerNorm(shapes, `${prefix}.embeddings.LayerNorm`, H);
  for (let i = 0; i < num_hidden_layers; i++) {
    const layer = `${prefix}.encoder.layer.${i}`;
    for (const [block, states] of [
      ['attention', H],
      ['crossattention', E],
    ] as const) {
      if (block === 'crossattention' && !hasCrossAttention) continue;
      addLinear(shapes, `${layer}.${block}.self.query`, H, H);
      addLinear(shapes, `${layer}.${block}.self.key`, states, H);
      addLinear(shapes, `${layer}.${block}.self.value`, states, H);
      addLinear(shapes, `${layer}.${block}.output.dense`, H, H);
      addLayerNorm(shapes, `${layer}.${block}.output.LayerNorm`, H);
    }
    addLinear(shapes, `${layer}.intermediate.dense`, H, I);
    addLinear(shapes, `${layer}.output.dense`, I, H);
    addLayerNorm(shapes, `${layer}.output.LayerNorm`, H);
  }
}

function addLinear(shapes: Shapes, name: string, inputs: number, outputs: number, hasBias = true): void {
  shapes.set(`${name}.weight`, [outputs, inputs]);
  if (hasBias) shapes.set(`${name}.bias`, [outputs]);
}

function addLayerNorm(shapes: Shapes, name: string, size: number): void {
  shapes.set(`${name}.weight`, [size]);
  shapes.set(`${name}.bias`, [size]);
}

/** Other names of a tensor: Hugging Face ties these, and a checkpoint contains one or the other. */
const ALIASES: Readonly<Record<string, string>> = {
  [OUTPUT.bias]: `${OUTPUT.untied}.bias`,
  [OUTPUT.weight]: `${OUTPUT.untied}.weight`,
};

/**
 * Tensors that a checkpoint may contain and the conversion does not read: buffers, tied copies, heads of other tasks.
 */
const IGNORED = [
  /\.position_ids$/,
  /\.cls\.predictions\.decoder\.(weight|bias)$/,
  /^(vision_proj|text_proj|itm_head)\./,
  /\.pooler\./,
  // BlipModel compares images and texts without it
  /^text_model\..*\.crossattention\./,
];

/** A retrieval checkpoint without any of them matches texts all the same, and has no contrastive features. */
const PROJECTION = /^(vision_proj|text_proj)\./;

/** The name under which the checkpoint contains a tensor. */
export function storedName(checkpoint: BlipCheckpoint, name: string): string {
  return !checkpoint.tensors.has(name) && name in ALIASES ? ALIASES[name] : name;
}

/**
 * The names of the decoder's output matrix and bias, as transformers 5 chooses them: config.json's
 * `tie_word_embeddings` counts only where the checkpoint does not contain two different matrices.
 */
export function outputLayer({ tensors }: BlipCheckpoint): { readonly weight: string; readonly bias: string } {
  const embedding = tensors.get(OUTPUT.weight);
  const untied = tensors.get(`${OUTPUT.untied}.weight`);
  const differ = embedding && untied && !sameValues(embedding, untied);
  return {
    weight: differ ? untied.name : OUTPUT.weight,
    bias: tensors.has(`${OUTPUT.untied}.bias`) ? `${OUTPUT.untied}.bias` : OUTPUT.bias,
  };
}

/**
 * Compares the checkpoint's tensors with its config.json, before anything is written.
 * @throws {CheckpointTensorsError} that lists missing tensors, unexpected ones within the task's modules, and those of
 *   another shape or of no float dtype
 */
export function checkTensors(checkpoint: BlipCheckpoint): void {
  const expected = expectedTensors(checkpoint.config, checkpoint.task);
  if (![...checkpoint.tensors.keys()].some((name) => PROJECTION.test(name)))
    for (const name of expected.keys()) if (PROJECTION.test(name)) expected.delete(name);
  const { hidden_size, vocab_size } = checkpoint.config.text_config;
  for (const [name, shape] of [
    [`${OUTPUT.untied}.weight`, [vocab_size, hidden_size]],
    [`${OUTPUT.untied}.bias`, [vocab_size]],
  ] as const)
    if (expected.has(OUTPUT.bias) && checkpoint.tensors.has(name)) expected.set(name, shape);
  const missing: string[] = [];
  const wrongShape: string[] = [];
  const wrongDtype: string[] = [];
  for (const [name, shape] of expected) {
    const tensor = checkpoint.tensors.get(storedName(checkpoint, name));
    if (!tensor) missing.push(`${name}, expected [${shape.join(', ')}]`);
    else if (tensor.shape.join() !== shape.join())
      wrongShape.push(
        `${name} is [${tensor.shape.join(', ')}], expected [${shape.join(', ')}] (${path.basename(tensor.path)})`,
      );
    else if (!FLOAT_DTYPES.includes(tensor.dtype))
      wrongDtype.push(
        `${name} is ${tensor.dtype}, expected one of ${FLOAT_DTYPES.join(', ')} (${path.basename(tensor.path)})`,
      );
  }
  const modules = new Set([...expected.keys()].map(moduleOf));
  const unexpected = [...checkpoint.tensors.values()]
    .filter(
      ({ name }) =>
        modules.has(moduleOf(name)) && !expected.has(name) && !IGNORED.some((pattern) => pattern.test(name)),
    )
    .map((tensor) => `${quote(tensor.name).slice(1, -1)} [${tensor.shape.join(', ')}] (${path.basename(tensor.path)})`);
  const { task, config } = checkpoint;
  const textHidden = config.text_config.hidden_size;
  const visionHidden = config.vision_config.hidden_size;
  if (task === 'visual-question-answering' && textHidden !== visionHidden)
    wrongShape.push(
      `text_config.hidden_size is ${textHidden}, expected vision_config.hidden_size (${visionHidden}): the ` +
        'decoder attends to both images and questions',
    );
  if ([missing, wrongShape, wrongDtype, unexpected].every((names) => names.length === 0)) return;
  throw new CheckpointTensorsError(
    [
      `${checkpoint.folder}: the weights do not fit config.json (${task}).`,
      ...listing('missing', missing),
      ...listing('of the wrong shape', wrongShape),
      ...listing('of a dtype that is not converted', wrongDtype),
      ...listing('unexpected', unexpected),
      [...checkpoint.tensors.values()].some(isQuantized) ? QUANTIZED : BELONG_TOGETHER,
    ].join('\n'),
  );
}

const BELONG_TOGETHER = 'Check that config.json and the weights belong together.';
const QUANTIZED =
  'The weights are quantized, as bitsandbytes, GPTQ and others do it, which is not read. Take the checkpoint that ' +
  'they were made from, or save them as float16 (in Python: model.dequantize(), then save_pretrained); quantizeBlip ' +
  'then makes an INT8 model.';

/** Matrices of integers, or of floats of a byte and less. */
function isQuantized({ name, dtype }: CheckpointTensor): boolean {
  return /weight$/.test(name) && !FLOAT_DTYPES.includes(dtype);
}

/**
 * What is in other modules than those of the task cannot change its results: an added head, the text encoder of a VQA
 * checkpoint that serves for captions.
 */
function moduleOf(name: string): string {
  return name.split('.', 1)[0];
}

/** Longer lists hide the pattern in the names. */
const MAX_LISTED = 12;

function listing(what: string, names: readonly string[]): string[] {
  if (names.length === 0) return [];
  const rest = names.length > MAX_LISTED ? `\n  and ${names.length - MAX_LISTED} more` : '';
  return [`${names.length} ${what}:\n  ${names.slice(0, MAX_LISTED).join('\n  ')}${rest}`];
}
