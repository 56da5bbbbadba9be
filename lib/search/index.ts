// Public API of the search room: images found by texts, and texts by images.
export { SearchError } from './errors';
export {
  openImageIndex,
  type ImageIndex,
  type IndexReport,
  type OpenIndexOptions,
  type SkippedImage,
} from './image-index';
export type { IndexedImage } from './index-header';
export { indexImages, type IndexImagesOptions } from './index-images';
export { RetrievalModel } from './retrieval-model';
export { searchImages, type ImageHit, type SearchImagesOptions } from './search-images';
export type { Scores, SearchOptions } from './search-options';
export {
  indexTexts,
  searchTexts,
  type IndexTextsOptions,
  type TextHit,
  type TextIndex,
} from './search-texts';
