// Public API of the hub room: files of Hugging Face repositories, fetched and cached.
export { downloadSnapshot, HubError, type DownloadOptions } from './download-snapshot';
export { ByteSourceError } from './http-request';
