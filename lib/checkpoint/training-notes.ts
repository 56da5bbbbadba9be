// What a checkpoint says about its own training, in config.json: what it knows, and from which score on it is right.
import { isRecord } from '../core/is-record';

/**
 * `training_notes` of config.json, an addition of this project that Hugging Face's classes keep and ignore. They stand
 * there, and not in a file of their own, since config.json goes wherever the model goes: the hub, a converted folder, a
 * quantized one. The published checkpoints have none.
 */
export interface TrainingNotes {
  /** What the model was trained on, in a sentence for people. */
  readonly trained_on: string;
  /** Whether every whole word of the vocabulary occurred in training: then a word that is taken apart is new to it. */
  readonly whole_words_seen: boolean;
  /** Of the answers that score at least `score`, the share `correct` is right; absent where it was not measured. */
  readonly reliable_from?: { readonly score: number; readonly correct: number };
}

/** A sentence or two. */
const MAX_CHARACTERS = 1000;

type Fail = (name: string, got: unknown, expected: string) => never;

/**
 * @param value config.json's `training_notes`
 * @param fail throws, with the field's name
 * @returns undefined where there are none
 */
export function parseTrainingNotes(value: unknown, fail: Fail): TrainingNotes | undefined {
  if (value === undefined || value === null) return undefined;
  if (!isRecord(value)) return fail('training_notes', value, 'an object');
  const { trained_on, whole_words_seen = false, reliable_from } = value;
  if (typeof trained_on !== 'string' || trained_on === '' || trained_on.length > MAX_CHARACTERS)
    return fail('training_notes.trained_on', trained_on, `a text of 1 to ${MAX_CHARACTERS} characters`);
  if (typeof whole_words_seen !== 'boolean')
    return fail('training_notes.whole_words_seen', whole_words_seen, 'true or false');
  const notes = { trained_on, whole_words_seen };
  if (reliable_from === undefined || reliable_from === null) return notes;
  if (!isRecord(reliable_from))
    return fail('training_notes.reliable_from', reliable_from, 'an object with score and correct');
  const share = (name: 'score' | 'correct'): number => {
    const got = reliable_from[name];
    return typeof got === 'number' && got >= 0 && got <= 1
      ? got
      : fail(`training_notes.reliable_from.${name}`, got, 'a number from 0 to 1');
  };
  return { ...notes, reliable_from: { score: share('score'), correct: share('correct') } };
}
