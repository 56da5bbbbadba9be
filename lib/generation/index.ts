// Public API of the generation room.
export * from './blip-matcher';
export { OVBlipModel, type GenerateOutput, type StageTimings } from './blip-model';
export { BlipModelError } from './check-inputs';
export type { LoadModelOptions } from './encoders';
export {
  GenerationOptionsError,
  type GenerationOptions,
  type StreamOptions,
  type TokenCallback,
} from './generation-options';
export type { ImageEmbeds, ImageInput, PixelValues, Texts } from './model-inputs';
export type { PretrainedOptions } from './pretrained-options';
