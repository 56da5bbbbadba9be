// Public API of the IR room.
export * from './graph';
export * from './ops';
export { writeIR, type WriteOptions, type WrittenIR } from './write-ir';
export { IrStatisticsError, irStatistics, type ConstantStatistics, type IrStatistics } from './ir-statistics';
