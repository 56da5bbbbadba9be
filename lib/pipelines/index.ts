// Public API of the pipelines room: the tasks in one call.
export type { FeatureExtraction, FeatureOptions, FeatureTensor, ImageFeatureExtraction } from './feature-extraction';
export type { ImageTextMatching, Match, MatchOptions } from './image-text-matching';
export type { Caption, CaptionOptions, CaptionStreamOptions, ImageToText } from './image-to-text';
export { pipeline, type Pipelines } from './pipeline';
export { PipelineError, type OneOrMany } from './pipeline-error';
export type { CandidateOptions } from './rank-candidates';
export type { Answer, AnswerOptions, VisualQuestionAnswering } from './visual-question-answering';
export type { WrittenToken } from './written-texts';
export type { AttentionOptions, PatchAttention } from './patch-attention';
export * from './trace-match';
export * from './trace-text';
