// The one door of the library: all that the notebooks, and anybody else, import.
export * from './checkpoint';
export * from './convert';
export * from './datasets';
export * from './display';
export { BlipError } from './errors';
export { GenerationOptionsError, OVBlipModel, BlipModelError, type GenerationOptions, type ImageEmbeds, type LoadModelOptions, type StageTimings } from './generation';
export { modelName } from './model-name';
export * from './openvino';
export * from './optimize';
export { pipeline, PipelineError, type ImageToText, type VisualQuestionAnswering } from './pipelines/pipeline';
export { measureStages, type StageLatency } from './pipelines/measure-stages';
export { BlipProcessor } from './preprocessing';
export type { Progress, ProgressCallback } from './progress';
export { readResults, resultText, saveResults, ResultsError } from './results';
export * from './timing';
