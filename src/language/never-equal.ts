/** Comparisons that no value of a host can make true: a condition that is silently false for ever. */
import type { Problem } from '../base/errors.ts'
import type { Expression, ReadPath, Template } from './model.ts'
import { problem } from './source.ts'

type Schema = Readonly<Record<string, unknown>>

/** What is compared with a text that its schema does not allow: of a choice of words none of them, of a fact another spelling. */
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
  // Of a variable with a pattern people also ask whether it is empty; facts have none that are.
  return root !== 'facts' || typeof pattern !== 'string' || new RegExp(pattern, 'u').test(text)
}

function hintFor({ enum: choices, examples }: Schema, text: string): string {
  const words = [choices, examples].flatMap((list) => (Array.isArray(list) ? list.map(String) : []))
  const meant = words.find((word) => word.toLowerCase() === text.toLowerCase())
  if (meant !== undefined) return `write ${JSON.stringify(meant)}`
  if (Array.isArray(choices)) return `it is one of ${words.join(', ')}`
  return text === text.toLowerCase()
    ? `it is written with capitals${words[0] === undefined ? '' : `, such as "${words[0]}"`}`
    : `write ${JSON.stringify(text.toLowerCase())}`
}
