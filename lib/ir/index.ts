// The door of the IR room.
export * from './graph';
export * from './ops';
export { writeIR, type WriteOptions, type WrittenIR } from './write-ir';
