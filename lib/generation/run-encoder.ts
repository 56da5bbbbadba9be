// One run of an encoder: tensors in, one of its outputs out.
import type { InferRequest, Tensor } from '../openvino';
import { BlipModelError } from './check-inputs';

/** @returns an array of its own, and its shape @throws {BlipModelError} when the model of `folder` gives another type */
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
    throw new BlipModelError(`${folder}: ${output} is ${tensor.getElementType()}, expected f32.`);
  return { data, dims: tensor.getShape() };
}
