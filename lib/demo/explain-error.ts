// An error as the person at the page reads it: what is wrong with the image or the question, and what to do. The page
// puts the file's name in front.
import { ImageError } from '../preprocessing';
import { DemoQuestionError } from './errors';

/** How errors name an image that came without a name. */
const NAMELESS = /^image in memory \(\d+ bytes\): /;
const DAMAGED =
  'This file is damaged or cut short. Download it again, or open it in an image editor and save it anew. ' +
  'Then try again.';

/**
 * @example
 * explainError(new ImageError('image in memory (12 bytes): This is a video.')) // 'This is a video.'
 */
export function explainError(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  if (!(error instanceof ImageError)) return message;
  return /may be damaged or cut short/.test(message) ? DAMAGED : message.replace(NAMELESS, '');
}

/** What an error is about, if the person at the page can do something about that. */
export function subjectOf(error: unknown): 'image' | 'question' | undefined {
  if (error instanceof ImageError) return 'image';
  return error instanceof DemoQuestionError ? 'question' : undefined;
}
