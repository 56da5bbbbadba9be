// Public API of the generation room.
export * from './blip-matcher';
export * from './blip-model';
export { BlipModelError } from './check-inputs';
export type { PretrainedOptions } from './pretrained-options';
export type { ImageEmbeds, ImageInput, LoadModelOptions, PixelValues } from './encoders';
export { GenerationOptionsError, type GenerationOptions } from './generation-options';
