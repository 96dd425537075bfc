/** References to the groups of a regular expression, in the syntax of Python (`re.sub`). */
import type { CompiledPattern, PatternMatch } from './regular-expression.ts'

const escapes: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r', '\\': '\\' }

/**
 * Returns a function that fills a match into a template with `\1`, `\g<name>`, `\n`, `\t`, `\r` and `\\`, or
 * what is wrong with the template.
 */
export function filledFrom(
  template: string,
  pattern: CompiledPattern,
): ((match: PatternMatch) => string) | { readonly wrong: string } {
  const parts: (string | ((match: PatternMatch) => string))[] = []
  for (const [whole] of template.matchAll(/[^\\]+|\\g<[^>]*>|\\[0-9]{1,2}|\\[^]?/g)) {
    if (!whole.startsWith('\\')) {
      parts.push(whole)
      continue
    }
    const name = /^\\(?:g<(.*)>|(\d+))$/.exec(whole)
    if (name === null) {
      const character = escapes[whole.slice(1)]
      if (character === undefined) return { wrong: `${whole} means nothing; a backslash is written \\\\` }
      parts.push(character)
      continue
    }
    const group = name[1] ?? name[2] ?? ''
    if (/^\d+$/.test(group)) {
      const number = Number(group)
      if (number > pattern.groups) return { wrong: `\`regexp\` has no group ${number}` }
      parts.push(({ groups }) => groups[number] ?? '')
    } else {
      if (!pattern.names.includes(group)) return { wrong: `\`regexp\` has no group "${group}"` }
      parts.push(({ named }) => named[group] ?? '')
    }
  }
  return (match) => parts.map((part) => (typeof part === 'string' ? part : part(match))).join('')
}
