// The door of the generation room.
export * from './blip-model';
export { GenerationOptionsError, type GenerationOptions } from './generation-options';
