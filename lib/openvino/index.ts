// Public API of the OpenVINO room.
export * from './types';
export * from './errors';
export { findRuntimes, type FoundRuntime } from './find-runtime';
export { loadOpenVINO } from './load-openvino';
