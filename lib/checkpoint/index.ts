// Public API of the checkpoint room.
export * from './blip-config';
export { addSideFileCheck, type SideFileCheck } from './check-side-files';
export * from './checkpoint-files';
export { FLOAT_DTYPES, type CheckpointDType, type CheckpointTensor, type WeightsFile } from './checkpoint-tensor';
export * from './errors';
export { findCheckpoint, type FoundCheckpoint } from './find-checkpoint';
export * from './load-checkpoint';
export * from './open-safetensors';
export { openPyTorchFile } from './pytorch/open-pytorch-file';
export type { TrainingNotes } from './training-notes';
