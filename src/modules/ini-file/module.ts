/** Sets or removes one option of an INI file, and keeps all others. */
import type { Plan } from '../../host/plan.ts'
import type { Module } from '../module.ts'
import { filesAt } from '../support/may-change.ts'
import { planTextFile, probeTextFile, type SeenText, type WrongEdit } from '../support/text-file.ts'
import { args, type Args, result } from './args.ts'
import { withOption } from './ini.ts'

export const iniFile = {
  name: 'ini_file',
  summary: 'Sets or removes an option or a section in an INI file, and keeps all others.',
  mayChange: ({ path }) => filesAt(path),
  args,
  result,
  mayBeSecret: ['value'],
  probe: probeTextFile,
  plan,
} satisfies Module<Args, SeenText>

function plan(given: Args, seen: SeenText): Plan {
  const { path, section, option, state, exclusive } = given
  const value = given.value === undefined ? undefined : String(given.value).trim()
  const removes = state === 'absent'
  return planTextFile(given, seen, (before) => {
    if (!removes && option !== undefined && value === undefined && !given.allow_no_value) return noValue
    const separator = given.no_extra_spaces ? '=' : ' = '
    const after = withOption(before, { section, option, value, state, exclusive, separator })
    if (typeof after !== 'string')
      return { wrong: `${path}: ${after.wrong}`, hint: 'correct the file by hand' }
    const what = option ?? `the section [${section ?? ''}]`
    const label = removes ? `remove ${what} from ${path}` : `set ${what} in ${path}`
    return { after, label, removes }
  })
}

const noValue: WrongEdit = {
  wrong: '`value` is required unless `state` is `absent`',
  hint: '`allow_no_value: true` writes an option without a value',
}
