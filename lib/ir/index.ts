// Public API of the IR room.
export * from './graph';
export { GraphBuilder, type AttentionInputs } from './graph-builder';
export { broadcastShapes, DYNAMIC, formatShape, type Shape } from './shapes';
export { writeIR, type WriteOptions, type WrittenIR } from './write-ir';
export { IrStatisticsError, irStatistics, type ConstantStatistics, type IrStatistics } from './ir-statistics';
export { addResults } from './add-results';
export { excerptIR, type ExcerptOptions } from './excerpt-ir';
export { readIR, ReadIRError, type IRFile, type IRInput, type IRLayer } from './read-ir';
