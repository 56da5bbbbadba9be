// The door of the generation room.
export * from './blip-model';
export { BlipModelError } from './check-inputs';
export { GenerationOptionsError, type GenerationOptions } from './generation-options';
