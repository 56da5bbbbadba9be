// One inference of an encoder, and copies of the outputs that are wanted of it.
import type { InferRequest, Tensor } from '../openvino';
import { BlipModelError } from './check-inputs';

/** An output's values, row by row, and its shape. */
export interface EncoderOutput {
  readonly data: Float32Array;
  readonly dims: readonly number[];
}

/**
 * @param outputs their names
 * @returns a copy of each output
 * @throws {BlipModelError} when an output of the model in `folder` is not f32
 */
export async function runEncoder(
  request: InferRequest,
  inputs: Readonly<Record<string, Tensor>>,
  outputs: readonly string[],
  folder: string,
): Promise<EncoderOutput[]> {
  for (const [name, tensor] of Object.entries(inputs)) request.setTensor(name, tensor);
  await request.runAsync();
  return outputs.map((output) => readOutput(request, output, folder));
}

/**
 * A copy of an output of the last run.
 * @throws {BlipModelError} when the output of the model in `folder` is not f32
 */
export function readOutput(request: InferRequest, output: string, folder: string): EncoderOutput {
  const tensor = request.getTensor(output);
  const data = tensor.getData();
  if (!(data instanceof Float32Array))
    throw new BlipModelError(
      `${folder}: the output ${output} is ${tensor.getElementType()}, expected f32. Convert the checkpoint again.`,
    );
  return { data, dims: tensor.getShape() };
}
