// One inference of an encoder.
import type { InferRequest, Tensor } from '../openvino';
import { BlipModelError } from './check-inputs';

/**
 * @returns a copy of the output, and its shape
 * @throws {BlipModelError} when the output of the model in `folder` is not f32
 */
export async function runEncoder(
  request: InferRequest,
  inputs: Readonly<Record<string, Tensor>>,
  output: string,
  folder: string,
): Promise<{ readonly data: Float32Array; readonly dims: readonly number[] }> {
  for (const [name, tensor] of Object.entries(inputs)) request.setTensor(name, tensor);
  await request.runAsync();
  const tensor = request.getTensor(output);
  const data = tensor.getData();
  if (!(data instanceof Float32Array))
    throw new BlipModelError(
      `${folder}: the output ${output} is ${tensor.getElementType()}, expected f32. Convert the checkpoint again.`,
    );
  return { data, dims: tensor.getShape() };
}
