/** Handlebars' complaints about a text, in words and with their place. */
import type { Problem } from '../base/errors.ts'
import { type Locator, problem, SourceFile } from './source.ts'

interface ParserLocation {
  readonly first_line: number
  readonly first_column: number
}

/** The problem of a template that Handlebars cannot parse. */
export function syntaxProblem(error: unknown, source: string, locator: Locator): Problem {
  const text = error instanceof Error ? error.message : String(error)
  const lines = new SourceFile('', source)
  const mismatch = /^(\S+) doesn't match (\S+) - (\d+):(\d+)/.exec(text)
  if (mismatch !== null) {
    const start = lines.lineStart(Number(mismatch[3])) + Number(mismatch[4])
    return problem('invalid-template', `"{{#${mismatch[1]}}}" is closed by "{{/${mismatch[2]}}}"`, {
      where: locator.at(start, 1),
    })
  }
  const location = locationOf(error)
  const line = location?.first_line ?? Number(/on line (\d+)/.exec(text)?.[1] ?? 1)
  const offset = lines.lineStart(line) + (location?.first_column ?? 0)
  const got = /got '(\w+)'/.exec(text)?.[1] ?? ''
  return problem(
    'invalid-template',
    `this template cannot be read${got === 'EOF' ? ': it ends too early' : ''}`,
    {
      where: locator.at(Math.min(offset, Math.max(0, source.length - 1)), 1),
      hint:
        got === 'EOF'
          ? 'close every {{...}} and every {{#block}} with {{/block}}'
          : got === 'ID' || got === 'INVALID' || text.startsWith('Lexical')
            ? 'a placeholder is a name or a helper with values: {{name}}, {{default name "x"}}; for literal braces write \\{{'
            : 'for literal braces write \\{{',
    },
  )
}

function locationOf(error: unknown): ParserLocation | undefined {
  if (typeof error !== 'object' || error === null || !('hash' in error)) return undefined
  const { hash } = error
  if (typeof hash !== 'object' || hash === null || !('loc' in hash)) return undefined
  return hash.loc as ParserLocation
}
