// Public API of the generation room.
export { OVBlipMatcher, type MatchTrace } from './blip-matcher';
export { OVBlipModel } from './blip-model';
export { BlipModelError, type Tokens } from './check-inputs';
export type { LoadModelOptions } from './load-model-options';
export type { GenerateOutput, StageTimings, GenerateOptions, Generated } from './generate-output';
export type { GenerationOptions, StreamOptions, TokenCallback } from './generation-options';
export { GenerationOptionsError } from './generation-options-error';
export type { SequenceTrace, TraceSequenceOptions } from './trace-sequence';
export type { TextAttentions } from './traced-text';
export type { AttentionProbabilities, TokenProbability, TracedStep } from './trace-steps';
export type {
  CaptionInputs,
  Features,
  ImageEmbeds,
  HiddenState,
  ImageInput,
  PixelInput,
  ImageTextInputs,
  Texts,
} from './model-inputs';
export type { PretrainedOptions } from './pretrained-options';
export type { RankAnswersOptions, RankedAnswer } from './rank-answers';
export type { SamplingOptions } from './sampling-options';
