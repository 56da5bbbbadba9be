// Public API of the conversion room.
export * from './convert-blip';
export { CheckpointTensorsError, expectedTensors } from './expected-tensors';
