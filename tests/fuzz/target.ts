// What a fuzz target is: a source of odd input of one kind, and the part of the library that must survive it.
import type { Random } from './random';

export interface FuzzInput {
  /** The file's name. */
  readonly name: string;
  readonly bytes: Buffer;
}

export interface FuzzTarget {
  readonly name: string;
  /** The same input for the same random numbers. */
  make(random: Random): FuzzInput;
  /**
   * Reads all that the input holds. Throws a BlipError when it is refused; any other error is a fault.
   *
   * @param folder empty but for the input's file
   */
  run(input: FuzzInput, folder: string): Promise<void> | void;
}
