// The door of the optimization room.
export { CompareError, compareModels, compareSizes, type ComparedModels, type CompareOptions, type LatencyPair, type PartSize } from './compare-models';
export { IrStatisticsError, irStatistics, type ConstantStatistics, type IrStatistics } from './ir-statistics';
export { NncfWorkerError, runNncfWorker, type CompressParameters, type IgnoredScope, type NncfProgress, type NncfResult, type NncfTask, type QuantizeParameters, type WeightMode } from './nncf-worker';
export { quantizeBlip, QuantizeError, type PartName, type QuantizedBlip, type QuantizedPart, type QuantizeOptions } from './quantize-blip';
export { exactMatch, normalizeAnswer, vqaAccuracy } from './vqa-accuracy';
