/** Reads the action of a task of the module `meta`. */
import type { FieldReader } from './fields.ts'
import type { Loader } from './loader.ts'
import type { MapValue, MetaAction } from './model.ts'

const actions: readonly MetaAction[] = ['flush_handlers', 'end_host', 'end_batch', 'end_play', 'noop']

/** Keywords without a meaning for such a task. */
const senseless = ['loop', 'until', 'run_once', 'notify'] as const

/** The schema of the module has already reported an unknown action. */
export function metaAction(loader: Loader, fields: FieldReader, args: MapValue): MetaAction | undefined {
  for (const keyword of senseless) {
    const entry = fields.entry(keyword)
    if (entry === undefined) continue
    loader.report('invalid-keyword', `"meta" cannot have "${keyword}"`, {
      where: entry.where,
      hint: 'remove it; "when" decides on each host whether it applies',
    })
  }
  const value = args.entries.get('action')?.value
  if (value === undefined) return undefined
  if (value.kind !== 'literal') {
    loader.report('not-templated', 'the action of "meta" cannot be a template', {
      where: value.where,
      hint: `write one of ${actions.join(', ')}, with a condition under "when"`,
    })
    return undefined
  }
  return actions.find((action) => action === value.value)
}
