// Public API of the timing room.
export * from './measure-latency';
