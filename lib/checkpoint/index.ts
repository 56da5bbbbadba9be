// Public API of the checkpoint room.
export * from './blip-config';
export * from './checkpoint-files';
export * from './load-checkpoint';
export * from './open-safetensors';
