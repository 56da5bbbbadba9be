// What goes wrong with a checkpoint: each message names the file, the culprit, what was got, what was expected, and
// what to do.
import { BlipError } from '../core/errors';

/** A checkpoint lacks something or contradicts itself. */
export class CheckpointError extends BlipError {}

/** A safetensors file breaks its format. */
export class SafetensorsError extends BlipError {}

/** A file of PyTorch's breaks its format, or holds more than weights. */
export class PyTorchFileError extends BlipError {}
