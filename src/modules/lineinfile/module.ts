/** Adds, replaces or removes one line of a file and keeps all others. */
import type { Plan } from '../../host/plan.ts'
import type { Module } from '../module.ts'
import { filesAt } from '../support/may-change.ts'
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
  mayBeSecret: ['line', 'regexp'],
  probe: probeTextFile,
  plan,
  report,
} satisfies Module<Args, SeenText>

function plan(given: Args, seen: SeenText): Plan {
  const request = requestOf(given)
  return planTextFile(given, seen, (before) =>
    'wrong' in request
      ? request
      : {
          after: withLine(before, request),
          label: `${request.state === 'absent' ? 'remove the line from' : 'set the line in'} ${given.path}`,
          removes: request.state === 'absent',
        },
  )
}

function requestOf(given: Args): LineRequest | { readonly wrong: string } {
  const { state, line } = given
  if (state === 'present' && line === undefined)
    return { wrong: '`line` is required unless `state` is `absent`' }
  const matches = lineMatcher('regexp', given.regexp)
  const place = linePlace(given)
  if (typeof matches === 'object') return matches
  return 'wrong' in place ? place : { state, line, matches, ...place }
}

function report(given: Args, { text }: SeenText): Readonly<Record<string, unknown>> {
  const request = requestOf(given)
  return { found: 'wrong' in request ? 0 : countLines(text ?? '', request) }
}
