/** Comparisons that can never be true, so that a condition would silently be false on every host. */
import type { Problem } from '../base/errors.ts'
import type { Expression, ReadPath, Template } from './model.ts'
import { problem } from './source.ts'

type Schema = Readonly<Record<string, unknown>>

/**
 * Reports comparisons with a text that the schema does not allow: a word that is not a choice, a fact in
 * another spelling.
 */
export function neverEqual(
  reader: Expression | Template,
  schemaOf: (path: ReadPath) => Schema | undefined,
): readonly Problem[] {
  return reader.comparisons.flatMap(({ path, text, offset, length }) => {
    const schema = schemaOf(path)
    if (schema === undefined || allows(schema, path, text)) return []
    return [
      problem('never-equal', `"${path.join('.')}" is never ${JSON.stringify(text)}`, {
        where: reader.at(offset, length),
        hint: hintFor(schema, text),
      }),
    ]
  })
}

function allows(schema: Schema, [root]: ReadPath, text: string): boolean {
  const { enum: choices, pattern } = schema
  if (Array.isArray(choices)) return choices.includes(text)
  // Users also compare variables that have a pattern with the empty text; facts are never empty.
  return root !== 'facts' || typeof pattern !== 'string' || new RegExp(pattern, 'u').test(text)
}

function hintFor({ enum: choices, examples }: Schema, text: string): string {
  const words = [choices, examples].flatMap((list) => (Array.isArray(list) ? list.map(String) : []))
  const meant = words.find((word) => word.toLowerCase() === text.toLowerCase())
  if (meant !== undefined) return `write ${JSON.stringify(meant)}`
  if (Array.isArray(choices)) return `it is one of ${words.join(', ')}`
  return text === text.toLowerCase()
    ? `it contains capital letters${words[0] === undefined ? '' : `, such as "${words[0]}"`}`
    : `write ${JSON.stringify(text.toLowerCase())}`
}
