// The errors of the preprocessing room.
import { BlipError } from '../core/errors';

/** An image could not be read or decoded. */
export class ImageError extends BlipError {}

/** preprocessor_config.json asks for something that is missing, malformed or not done here. */
export class PreprocessorConfigError extends BlipError {}

/** A tokenizer's files are missing or malformed, or a text cannot be encoded. */
export class TokenizerError extends BlipError {}
