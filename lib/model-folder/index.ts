// Public API of the model folder room: converted models in the cache.
export { convertOnce, ConvertOnceError, modelCacheFolder, type ConvertOnceOptions } from './convert-once';
export { modelDtype, type Dtype } from './model-dtype';
export { modelName } from './model-name';
