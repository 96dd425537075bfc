/** Printed JSON: a terminal interprets nothing in it, and a program that reads it gets every character. */

/**
 * Characters that JSON leaves unescaped although terminals or readers interpret them: DEL and C1 controls
 * (U+009B starts an escape sequence), marks that change the direction of text (https://trojansource.codes),
 * line and paragraph separators, and invisible characters.
 */
// oxlint-disable-next-line no-control-regex -- escapes control characters
const acting = /[\u007f-\u009f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]/g

/** @param indentation Spaces per level; without it, the result is one line. */
export function jsonText(value: unknown, indentation?: number): string {
  return JSON.stringify(value, null, indentation).replaceAll(
    acting,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}
