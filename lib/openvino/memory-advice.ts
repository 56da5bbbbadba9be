// What helps where native code found no memory: its own messages do not say.

/** Of the C++ library, of the system, and of its loader. */
const NO_MEMORY = /bad_alloc|cannot allocate memory|not enough memory|failed to map segment|\bENOMEM\b/i;

/** @returns a sentence, or undefined where a message is about something else */
export function memoryAdvice(message: string): string | undefined {
  return NO_MEMORY.test(message)
    ? 'There is not enough memory, or a limit does not leave it to this process (ulimit -v, the memory of a ' +
        'container): close other programs, or raise the limit'
    : undefined;
}

/** The message, with the sentence behind it where it applies. */
export function withMemoryAdvice(message: string): string {
  const advice = memoryAdvice(message);
  return advice ? `${message.trimEnd()}. ${advice}.` : message;
}
