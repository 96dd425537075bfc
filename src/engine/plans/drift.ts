/** Compares what a plan file says of a host with what a dry run says of it now. */
import { isDeepStrictEqual } from 'node:util'
import type { Problem } from '../../base/errors.ts'
import type { IsCommon } from './common-directories.ts'
import { planAgain } from './plan-file.ts'
import type { PlanFileAction, PlanFileItem } from './plan-schema.ts'

/**
 * Returns the first difference, undefined if there is none.
 * @param isCommon For directories that another host may make first: they are no difference.
 */
export function driftOf(
  planned: readonly PlanFileItem[],
  now: readonly PlanFileItem[],
  isCommon: IsCommon,
): Problem | undefined {
  const most = Math.max(planned.length, now.length)
  for (let index = 0; index < most; index += 1) {
    const why = difference(withoutCommon(planned[index], isCommon), withoutCommon(now[index], isCommon))
    if (why !== undefined)
      return {
        code: 'drifted',
        message: `the host has changed since the plan was made: ${why}`,
        hint: planAgain,
      }
  }
  return undefined
}

/** The item without common directories, and without what was seen of them. */
function withoutCommon(item: PlanFileItem | undefined, isCommon: IsCommon): PlanFileItem | undefined {
  const common = item?.actions.filter((action) => isCommon(action, item.task)) ?? []
  if (item === undefined || common.length === 0) return item
  const ends = common.map(({ path }) => ` file:${String(path)}`)
  return {
    ...item,
    actions: item.actions.filter((action) => !common.includes(action)),
    seen: Object.fromEntries(
      Object.entries(item.seen).filter(([key]) => !ends.some((end) => key.endsWith(end))),
    ),
  }
}

function difference(planned: PlanFileItem | undefined, now: PlanFileItem | undefined): string | undefined {
  if (planned === undefined) return `${titleOf(now)} is not in the plan`
  if (now === undefined) return `${titleOf(planned)} is not reached any more`
  const title = titleOf(planned)
  if (planned.task !== now.task || planned.position !== now.position)
    return `${titleOf(now)} comes in place of ${title}`
  if (planned.outcome !== now.outcome)
    return `${title} was "${shown[planned.outcome]}" in the plan and is "${shown[now.outcome]}" now`
  if (planned.arguments !== now.arguments) return `${title} has other arguments`
  const resource = Object.keys({ ...planned.seen, ...now.seen }).find(
    (key) => planned.seen[key] !== now.seen[key],
  )
  if (resource !== undefined) return `${resource}, which ${title} changes, has changed`
  if (!isDeepStrictEqual(planned.actions.map(compared), now.actions.map(compared)))
    return `${title} would make other changes`
  if (planned.diff !== now.diff) return `what ${title} changes has changed`
  if ((planned.unknown === undefined) !== (now.unknown === undefined))
    return `${title} ${now.unknown === undefined ? 'is known now, and was not' : 'is not known now, and was'}`
  return undefined
}

/** As a dry run shows them. */
const shown: Readonly<Record<PlanFileItem['outcome'], string>> = {
  ok: 'ok',
  changed: 'would',
  skipped: 'skipped',
  failed: 'FAILED',
  unreachable: 'unreachable',
  unknown: 'may run',
}

function titleOf(item: PlanFileItem | undefined): string {
  const { name = '', item: label = '' } = item ?? {}
  return label === '' ? `"${name}"` : `"${name} (${label})"`
}

/** Labels and reasons may quote times and free space. */
function compared({ label: _label, reason: _reason, ask: _ask, ...rest }: PlanFileAction): object {
  return rest
}
