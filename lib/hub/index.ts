// Public API of the hub room: files of Hugging Face repositories, fetched and cached. One HTTP client for all that
// comes from the network.
export { isUrl, openByteSource, type ByteSource } from './byte-source';
export { downloadSnapshot, type SnapshotFiles, type SnapshotWeights } from './download-snapshot';
export { explainMissingFolder, type WantedFolder } from './explain-missing-folder';
export { fetchContent, fetchJson, type Content, type ContentOptions, type RequestOptions } from './fetch-content';
export { defaultCache as hubCacheFolder, hubEndpoint, isOffline, viaEndpoint } from './hub-environment';
export {
  CacheError,
  DiskSpaceError,
  DisabledRepoError,
  EntryNotFoundError,
  GatedRepoError,
  HubError,
  HubHttpError,
  LocalEntryNotFoundError,
  MissingWeightsError,
  ProxyError,
  RepositoryNotFoundError,
  RevisionNotFoundError,
  UnreachableError,
  type ErrorResponse,
} from './hub-errors';
export { isHubId, isRevision, splitRevision } from './hub-id';
export { readLoginToken, type LoginToken } from './login-token';
export type { DownloadOptions } from './snapshot-download';
