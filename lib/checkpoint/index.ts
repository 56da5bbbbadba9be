// Public API of the checkpoint room.
export * from './blip-config';
export * from './load-checkpoint';
export * from './open-safetensors';
