// Whether config.json and the graphs of a folder belong together: where they do not, inputs are cut to other sizes and
// ids mean other words.
import * as fs from 'node:fs';
import type { BlipConfig } from '../checkpoint';
import { ModelFolderError } from '../model-folder';
import type { CompiledModel, Dimension, Port } from '../openvino';

/** The table of text positions among an IR's constants, with its first size; NNCF adds a suffix to its name. */
const POSITION_TABLE = /name="[^"]*position_embeddings\.weight[^"]*" type="Const"[^>]*>\s*<data [^>]*shape="(\d+),/;

/** What a size must be, and the field that says so. */
interface ExpectedSize {
  readonly port: string;
  readonly axis: number;
  readonly size: number;
  readonly field: string;
}

/** @param xml the graph's file, for messages @throws {ModelFolderError} */
export function checkVisionModel(xml: string, model: CompiledModel, { vision_config }: BlipConfig): void {
  const { image_size, patch_size, hidden_size } = vision_config;
  const tokens = Math.floor(image_size / patch_size) ** 2 + 1;
  checkSizes(xml, model, [
    { port: 'pixel_values', axis: 2, size: image_size, field: 'vision_config.image_size' },
    { port: 'pixel_values', axis: 3, size: image_size, field: 'vision_config.image_size' },
    { port: 'last_hidden_state', axis: 1, size: tokens, field: 'vision_config.image_size and patch_size' },
    { port: 'last_hidden_state', axis: 2, size: hidden_size, field: 'vision_config.hidden_size' },
  ]);
}

/** @throws {ModelFolderError} */
export function checkTextEncoder(xml: string, model: CompiledModel, { text_config, vision_config }: BlipConfig): void {
  checkSizes(xml, model, [
    { port: 'encoder_hidden_states', axis: 2, size: vision_config.hidden_size, field: 'vision_config.hidden_size' },
    { port: 'last_hidden_state', axis: 2, size: text_config.hidden_size, field: 'text_config.hidden_size' },
  ]);
  checkPositions(xml, text_config.max_position_embeddings);
}

/** @param size of the image features, which text features are compared with @throws {ModelFolderError} */
export function checkTextFeatures(
  xml: string,
  model: CompiledModel,
  { text_config }: BlipConfig,
  size: number | undefined,
): void {
  if (size !== undefined)
    checkSizes(xml, model, [{ port: 'text_embeds', axis: 1, size, field: 'image_embeds of the vision model' }]);
  checkPositions(xml, text_config.max_position_embeddings);
}

/** @throws {ModelFolderError} */
export function checkTextDecoder(xml: string, model: CompiledModel, { text_config, vision_config }: BlipConfig): void {
  const { vocab_size, bos_token_id, sep_token_id, pad_token_id } = text_config;
  checkSizes(xml, model, [
    { port: 'encoder_hidden_states', axis: 2, size: vision_config.hidden_size, field: 'vision_config.hidden_size' },
    { port: 'logits', axis: 2, size: vocab_size, field: 'text_config.vocab_size' },
  ]);
  for (const [field, id] of Object.entries({ bos_token_id, sep_token_id, pad_token_id }))
    if (id >= vocab_size) throw mismatch(xml, `knows tokens below ${vocab_size}`, `text_config.${field} is ${id}`);
  checkPositions(xml, text_config.max_position_embeddings);
}

function checkSizes(xml: string, { inputs, outputs }: CompiledModel, expected: readonly ExpectedSize[]): void {
  const ports = new Map([...inputs, ...outputs].map((port): [string, Port] => [port.getAnyName(), port]));
  for (const { port: name, axis, size, field } of expected) {
    const shape = ports.get(name)?.getPartialShape();
    if (shape === undefined)
      throw new ModelFolderError(
        `${xml} has no input or output "${name}"; expected a graph that convertBlip or quantizeBlip wrote. ` +
          'Convert the checkpoint again.',
      );
    const found = shape[axis];
    if (allows(found, size)) continue;
    throw mismatch(
      xml,
      `has ${String(found)} on axis ${axis} of ${name} [${shape.join(', ')}]`,
      `${field} asks for ${size}`,
    );
  }
}

/** Positions are not seen in a graph's inputs and outputs, only in its table of them. */
function checkPositions(xml: string, expected: number): void {
  const positions = POSITION_TABLE.exec(fs.readFileSync(xml, 'utf8'))?.[1];
  if (positions !== undefined && Number(positions) !== expected)
    throw mismatch(xml, `has ${positions} text positions`, `text_config.max_position_embeddings is ${expected}`);
}

function allows(dimension: Dimension | undefined, size: number): boolean {
  if (dimension === undefined) return false;
  if (typeof dimension === 'number') return dimension === -1 || dimension === size;
  return size >= dimension[0] && (size <= dimension[1] || dimension[1] === -1);
}

function mismatch(xml: string, graph: string, config: string): ModelFolderError {
  return new ModelFolderError(
    `${xml} ${graph}, but ${config} in config.json beside it. They are of different models: convert the ` +
      'checkpoint again.',
  );
}
