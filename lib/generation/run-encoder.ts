// One inference of an encoder, and copies of the outputs that are wanted of it.
import type { InferRequest, Tensor } from '../openvino';
import { BlipModelError } from './check-inputs';

/** An output's values, row by row, and its shape. */
export interface EncoderOutput {
  readonly data: Float32Array;
  readonly dims: readonly number[];
}

/** Gives an array that nobody else uses; a new one by default. */
export type AllocateFloats = (length: number) => Float32Array;

export interface ReadOutputs {
  /** Their names. */
  readonly outputs: readonly string[];
  /** For messages. */
  readonly folder: string;
  readonly allocate?: AllocateFloats;
}

/**
 * @returns a copy of each output
 * @throws {BlipModelError} when an output of the model in `folder` is not f32
 */
export async function runEncoder(
  request: InferRequest,
  inputs: Readonly<Record<string, Tensor>>,
  { outputs, folder, allocate }: ReadOutputs,
): Promise<EncoderOutput[]> {
  for (const [name, tensor] of Object.entries(inputs)) request.setTensor(name, tensor);
  await request.runAsync();
  return outputs.map((output) => readOutput(request, output, folder, allocate));
}

/**
 * A copy of an output of the last run.
 * @throws {BlipModelError} when the output of the model in `folder` is not f32
 */
export function readOutput(
  request: InferRequest,
  output: string,
  folder: string,
  allocate: AllocateFloats = (length) => new Float32Array(length),
): EncoderOutput {
  const tensor = request.getTensor(output);
  if (tensor.getElementType() !== 'f32')
    throw new BlipModelError(
      `${folder}: the output ${output} is ${tensor.getElementType()}, expected f32. Convert the checkpoint again.`,
    );
  const data = allocate(tensor.getSize());
  request.readInto(output, data);
  return { data, dims: tensor.getShape() };
}
