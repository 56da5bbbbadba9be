// OpenVINO's messages about a model's file often do not say which.
import { OpenVINOError } from './errors';

/** What OpenVINO says of an .xml or .bin that is cut or damaged. */
const UNREADABLE = /weights|bin file|xml|parse|unable to read|deserializ/i;

/** A longer name is no file's. */
const MAX_SHOWN = 4096;

/** @returns the error with the file before OpenVINO's words; others as they are */
function named(error: unknown, file: unknown): unknown {
  if (!(error instanceof OpenVINOError) || typeof file !== 'string' || file.length > MAX_SHOWN) return error;
  if (error.message.includes(file)) return error;
  const advice = UNREADABLE.test(error.message)
    ? '\nThe .xml or the .bin beside it is damaged or cut short: copy or make both again.'
    : '';
  return new OpenVINOError(`${file}: ${error.message.trimEnd()}${advice}`, error.call, error.status);
}

/** Runs what reads or compiles a model's file. @param file nothing where it is a model */
export async function namingFile<T>(file: unknown, run: () => Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (error) {
    throw named(error, file);
  }
}

/** The same, without a promise. */
export function namingFileSync<T>(file: unknown, run: () => T): T {
  try {
    return run();
  } catch (error) {
    throw named(error, file);
  }
}
