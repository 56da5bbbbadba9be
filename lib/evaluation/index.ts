// Public API of the evaluation room: two models compared, accuracy, where the time of a task goes, published results.
export type { CheckedCase } from './check-cases';
export { checkPublished, type CheckPublishedOptions } from './check-published';
export { compareModels, type ComparedModels, type CompareOptions } from './compare-models';
export type { ChangedMatch, ComparedMatches } from './compare-matches';
export type { Accuracy, ChangedAnswer, ChangedCaption, ComparedOutputs } from './compare-outputs';
export { compareStages, type ComparedStage, type CompareStagesOptions } from './compare-stages';
export { CompareError, compareSizes, type ComparedSizes, type PartSize } from './compare-sizes';
export type { ComparedTimes, LatencyPair, Timed } from './compare-times';
export { measureStages, type MeasureStagesOptions, type StageLatency } from './measure-stages';
export { exactMatch, normalizeAnswer, VqaAccuracyError, vqaAccuracy } from './vqa-accuracy';
export {
  PUBLISHED_PICTURE,
  PUBLISHED_RESULTS,
  publishedId,
  type PublishedCase,
  type PublishedResults,
} from './published-results';
export { ExpectedResultsError, readExpected } from './read-expected';
export { verifyCheckpoint } from './verify-checkpoint';
export type { QuantizeForVerification, VerifyOptions } from './verify-options';
export type { VerifyRow } from './verify-rows';
export { nodeOutputs, type NodeInputs, type NodeOutput, type NodeOutputsOptions } from './node-outputs';
