// One run of an encoder: tensors in, its last hidden state out.
import type { InferRequest, Tensor } from '../openvino';
import { BlipModelError } from './check-inputs';

/** Encoded pictures or questions: [batch, tokens, hidden] f32. */
export interface HiddenState { readonly data: Float32Array; readonly dims: readonly [number, number, number] }

/** @returns an array of its own @throws {BlipModelError} when the model of `folder` gives another type */
export async function runEncoder(request: InferRequest, inputs: Readonly<Record<string, Tensor>>, folder: string): Promise<HiddenState> {
  for (const [name, tensor] of Object.entries(inputs)) request.setTensor(name, tensor);
  await request.runAsync();
  const last_hidden_state = request.getTensor('last_hidden_state');
  const [rows, tokens, size] = last_hidden_state.getShape();
  const data = last_hidden_state.getData();
  if (!(data instanceof Float32Array)) throw new BlipModelError(`${folder}: last_hidden_state is ${last_hidden_state.getElementType()}, expected f32.`);
  return { data, dims: [rows, tokens, size] };
}
