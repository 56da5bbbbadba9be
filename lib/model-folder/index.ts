// Public API of the model folder room: what a folder of converted models holds.
export { modelDtype, type Dtype } from './model-dtype';
export { modelName } from './model-name';
export { ModelFolderError, type ManifestFile, type ModelManifest, type ModelOrigin } from './manifest';
export { verifyModelFolder, type VerifyFolderOptions } from './verify-model-folder';
