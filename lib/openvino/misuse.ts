// Errors for calls that neither runtime can carry out, in the same words for both.
import { OpenVINOError } from './errors';

/** @param call the function of the runtime */
export function foreignTensor(input: string, call: string): OpenVINOError {
  return new OpenVINOError(
    `setTensor("${input}"): the tensor belongs to another runtime. Create it with the Tensor of the OpenVINO ` +
      'that loaded this model.',
    call,
  );
}

export function foreignModel(call: string): OpenVINOError {
  return new OpenVINOError(
    'compileModel: the model belongs to another runtime. Read it with the readModel of this core.',
    call,
  );
}

/** The memory of an array that was transferred may be freed by the other thread at any time. */
export function transferredArray(call: string): OpenVINOError {
  return new OpenVINOError(
    'The array under this tensor was transferred to another thread. Make the tensor from an array that is not ' +
      'transferred.',
    call,
  );
}

export function alreadyRunning(call: string): OpenVINOError {
  return new OpenVINOError('InferRequest is already running: await the first run, or create a second request.', call);
}
