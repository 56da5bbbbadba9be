// The one door of the library: all that the notebooks, and anybody else, import.
export { OptionsError } from './check-options';
export * from './checkpoint';
export * from './convert';
export * from './datasets';
export * from './demo';
export * from './display';
export { BlipError } from './errors';
export { BlipModelError, GenerationOptionsError, OVBlipMatcher, OVBlipModel, type GenerationOptions, type ImageEmbeds, type LoadModelOptions, type StageTimings } from './generation';
export { modelName } from './model-name';
export * from './openvino';
export * from './optimize';
export { measureStages, type StageLatency } from './pipelines/measure-stages';
export { pipeline, PipelineError, type Answer, type Caption, type CaptionOptions, type ImageTextMatching, type ImageToText, type Match, type VisualQuestionAnswering } from './pipelines/pipeline';
export * from './preprocessing';
export type { Progress, ProgressCallback } from './progress';
export { readResults, ResultsError, resultText, saveResults, type Results } from './results';
export * from './timing';
