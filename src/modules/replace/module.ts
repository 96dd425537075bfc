/** Replaces all matches of a pattern in a file. */
import type { Plan } from '../../host/plan.ts'
import type { Module } from '../module.ts'
import { filesAt } from '../support/may-change.ts'
import { planTextFile, probeTextFile, type SeenText } from '../support/text-file.ts'
import { args, type Args, result } from './args.ts'
import { type Replace, replacer } from './replacement.ts'

export const replace = {
  name: 'replace',
  summary: 'Replaces all matches of a regular expression in a file.',
  mayChange: ({ path }) => filesAt(path),
  args,
  result,
  mayBeSecret: ['regexp', 'replace'],
  probe: probeTextFile,
  plan,
  report,
} satisfies Module<Args, SeenText>

function plan(given: Args, seen: SeenText): Plan {
  const replaces = prepared(given)
  return planTextFile(given, seen, (before) => {
    if (typeof replaces !== 'function') return replaces
    const { text: after } = replaces(before)
    if (replaces(after).text !== after)
      return {
        wrong: `every run would change ${given.path} again, since \`regexp\` also matches after the replacement`,
        hint: 'change `regexp` so that it does not match the new text, for example with `^` and `$`',
      }
    return { after, label: `replace the matches in ${given.path}` }
  })
}

function prepared({ regexp, replace: by, after, before }: Args): Replace | { readonly wrong: string } {
  return replacer({ regexp, replace: by, after, before })
}

function report(given: Args, { text }: SeenText): Readonly<Record<string, unknown>> {
  const replaces = prepared(given)
  return { found: typeof replaces === 'function' ? replaces(text ?? '').found : 0 }
}
