// The door of the checkpoint room.
export * from './blip-config';
export { downloadSnapshot, HubError, type DownloadOptions } from './hub';
export * from './load-checkpoint';
export * from './open-safetensors';
