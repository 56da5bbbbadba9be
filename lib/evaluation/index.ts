// Public API of the evaluation room: two models compared, accuracy, where the time of a task goes.
export {
  CompareError,
  compareModels,
  compareSizes,
  type ComparedModels,
  type CompareOptions,
  type LatencyPair,
  type PartSize,
} from './compare-models';
export { measureStages, type StageLatency } from './measure-stages';
export { exactMatch, normalizeAnswer, VqaAccuracyError, vqaAccuracy } from './vqa-accuracy';
