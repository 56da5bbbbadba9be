// The error of the search room.
import { BlipError } from '../core/errors';

/**
 * An index cannot be read, written or used with this model or folder; or a search was asked for something impossible.
 */
export class SearchError extends BlipError {}
