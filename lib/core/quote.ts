// Text from outside, as it stands in a message: between quotes, on one line, and never longer than a line.

/**
 * Longer than any name in a checkpoint; a hostile file's name of a gigabyte must not become a message of a gigabyte.
 */
const MAX_QUOTED_CHARACTERS = 100;

/** @example quote('a\nb') // '"a\\nb"' */
export function quote(text: string): string {
  const cut = text.length > MAX_QUOTED_CHARACTERS ? `${text.slice(0, MAX_QUOTED_CHARACTERS)}…` : text;
  return JSON.stringify(cut).replace(/[\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g, escapeCharacter);
}

/**
 * Characters that JSON leaves as they are and a terminal does not: control characters and marks that reverse the
 * direction of text.
 */
function escapeCharacter(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}
