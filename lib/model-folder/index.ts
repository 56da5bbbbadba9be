// Public API of the model folder room: what a folder of converted models holds.
export { modelDtype, type Dtype } from './model-dtype';
export { modelName } from './model-name';
