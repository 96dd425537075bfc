import type { Problem } from '../../base/errors.ts'

/** One line a problem, as tests compare it: `site.yml:3:5 code: message (hint)`. */
export function report(problems: readonly Problem[]): readonly string[] {
  return problems.map(({ code, message, hint, where }) => {
    const place =
      where === undefined ? '' : `${where.file.replace(/^.*\//, '')}:${where.line}:${where.column} `
    return `${place}${code}: ${message}${hint === undefined ? '' : ` (${hint})`}`
  })
}
