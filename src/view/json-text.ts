/** JSON as it is printed: a terminal that shows it acts on nothing in it, and a program that reads it gets every character. */

/**
 * Characters that JSON lets stand as they are and that a terminal or a reader acts upon: DEL and C1 controls (U+009B begins an escape sequence), marks that
 * change the direction of text (https://trojansource.codes), separators of lines and paragraphs, and characters that nobody sees.
 */
// oxlint-disable-next-line no-control-regex -- escaping control characters is what this is for
const acting = /[\u007f-\u009f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]/g

/** @param indentation Blanks for each level; one line when not given. */
export function jsonText(value: unknown, indentation?: number): string {
  return JSON.stringify(value, null, indentation).replaceAll(
    acting,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}
