// Public API of the checkpoint room.
export * from './blip-config';
export * from './checkpoint-files';
export type { CheckpointDType, CheckpointTensor, WeightsFile } from './checkpoint-tensor';
export * from './errors';
export * from './load-checkpoint';
export * from './open-safetensors';
