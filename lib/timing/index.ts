// The door of the timing room.
export * from './measure-latency';
