// The door of the optimization room.
export { CalibrationFileError } from './calibration-file';
export { CompareError, compareModels, compareSizes, type ComparedModels, type CompareOptions, type LatencyPair, type PartSize } from './compare-models';
export { IrStatisticsError, irStatistics, type ConstantStatistics, type IrStatistics } from './ir-statistics';
export { NncfWorkerError, runNncfWorker, type CompressParameters, type IgnoredScope, type NncfProgress, type NncfResult, type NncfTask, type QuantizeParameters, type WeightMode } from './nncf-worker';
export { quantizeBlip, type QuantizedBlip, type QuantizedPart } from './quantize-blip';
export { QuantizeError, type PartName, type QuantizeOptions } from './quantize-options';
export { exactMatch, normalizeAnswer, VqaAccuracyError, vqaAccuracy } from './vqa-accuracy';
