// Public API of the OpenVINO room.
export * from './types';
export * from './errors';
export { findRuntimes } from './find-runtime';
export { loadOpenVINO } from './load-openvino';
