// The door of the conversion room.
export * from './convert-blip';
export { ConvertWriteError } from './explain-write-error';
export { CheckpointTensorsError, expectedTensors } from './expected-tensors';
