// Public API of the conversion room, with the checkpoint that a conversion starts from.
export { CheckpointError, loadCheckpoint, type BlipCheckpoint, type LoadCheckpointOptions } from '../checkpoint';
export * from './convert-blip';
export { CheckpointTensorsError, expectedTensors } from './expected-tensors';
export { WeightValueError, type ClampedTensor } from './weight-values';
export { convertOnce, ConvertOnceError, modelCacheFolder, type ConvertOnceOptions } from './convert-once';
export { writeRandomCheckpoint, type RandomCheckpointOptions } from './write-random-checkpoint';
