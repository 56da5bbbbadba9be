// Public API of the preprocessing room.
export { BlipProcessor, type BlipProcessorOptions, type PretrainedProcessorOptions } from './blip-processor';
export { cachedImage, type CachedImageOptions } from './cached-image';
export type { DecodeOptions } from './decode-image';
export { ImageError, PreprocessorConfigError, TokenizerError } from './errors';
export { channelTables, loadRgb, preprocessImage, resizeImage, toPixelValues, type PixelValues } from './image';
export type { ImageSize, ShortestEdge } from './parse-image-size';
export { readPreprocessorConfig, type PreprocessorConfig } from './preprocessor-config';
export type { ImageSource } from './read-image-source';
export type { RgbImage } from './rgb-image';
export { BlipTokenizer, type TextInputs, type WarningCallback } from './blip-tokenizer';
export type { AlphaMode } from './decode/opened-image';
export type { PilFilter } from './resample-weights';
