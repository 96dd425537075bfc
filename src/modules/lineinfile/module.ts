/** Adds, replaces or removes one line of a file and keeps all others. */
import type { Plan } from '../../host/plan.ts'
import type { Module } from '../module.ts'
import { filledFrom } from '../support/group-references.ts'
import { filesAt } from '../support/may-change.ts'
import { compilePattern } from '../support/regular-expression.ts'
import { planTextFile, probeTextFile, type SeenText } from '../support/text-file.ts'
import { lineMatcher, linePlace } from '../support/text-lines.ts'
import { args, type Args, result } from './args.ts'
import { countLines, type LineRequest, withLine } from './lines.ts'

export const lineinfile = {
  name: 'lineinfile',
  summary: 'Adds, replaces or removes a line in a file.',
  mayChange: ({ path }) => filesAt(path),
  args,
  result,
  mayBeSecret: ['line', 'regexp', 'search_string'],
  probe: probeTextFile,
  plan,
  report,
} satisfies Module<Args, SeenText>

function plan(given: Args, seen: SeenText): Plan {
  const request = requestOf(given)
  return planTextFile(given, seen, (before) => {
    if ('wrong' in request) return request
    const after = withLine(before, request)
    if (withLine(after, request) !== after)
      return {
        wrong: `the next run would change ${given.path} again, since \`regexp\` also matches the new line or another one`,
        hint: 'change `regexp` so that it matches only the old line; `replace` changes all matches',
      }
    const removes = request.state === 'absent'
    return { after, label: `${removes ? 'remove the line from' : 'set the line in'} ${given.path}`, removes }
  })
}

function requestOf(given: Args): LineRequest | { readonly wrong: string } {
  const { state, line, backrefs } = given
  if (state === 'present' && line === undefined)
    return { wrong: '`line` is required unless `state` is `absent`' }
  const matches = matcherOf(given)
  const place = linePlace(given)
  if (typeof matches === 'object') return matches
  if ('wrong' in place) return place
  const rewrite = backrefs && state === 'present' ? rewriteOf(given) : undefined
  if (typeof rewrite === 'object') return rewrite
  return { state, line, matches, rewrite, ...place }
}

function matcherOf({ regexp, search_string: text }: Args): ReturnType<typeof lineMatcher> {
  return text === undefined ? lineMatcher('regexp', regexp) : (line) => line.includes(text)
}

/** The line of the task with the groups of the first match in a line. */
function rewriteOf({ line = '', regexp }: Args): ((old: string) => string) | { readonly wrong: string } {
  if (regexp === undefined) return { wrong: '`backrefs` refers to the groups of `regexp`, which is not set' }
  const pattern = compilePattern(regexp)
  if ('wrong' in pattern) return { wrong: `\`regexp\`: ${pattern.wrong}` }
  const fill = filledFrom(line, pattern)
  if (typeof fill !== 'function') return { wrong: `\`line\`: ${fill.wrong}` }
  return (old) => {
    const [match] = pattern.all(old)
    return match === undefined ? old : fill(match)
  }
}

function report(given: Args, { text }: SeenText): Readonly<Record<string, unknown>> {
  const request = requestOf(given)
  return { found: 'wrong' in request ? 0 : countLines(text ?? '', request) }
}
