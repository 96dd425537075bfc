/**
 * Directories on a node that tasks of several containers need: the container that comes first makes one, and
 * which one that is may differ between a plan, the look before it is applied, and the run.
 */
import { isDeepStrictEqual } from 'node:util'
import { essence } from './plan-records.ts'
import type { PlanFileAction, PlanFileItem } from './plan-schema.ts'

/** True for such a directory if the same task makes it for any of the hosts. */
export type IsCommon = (action: PlanFileAction, task: string) => boolean

export function commonDirectories(hosts: Iterable<readonly PlanFileItem[]>): IsCommon {
  const makers = [...hosts].flatMap((items) =>
    items.flatMap((item) =>
      item.actions.filter(isNodeDirectory).map((action) => ({ task: item.task, action: essence(action) })),
    ),
  )
  return (action, task) =>
    isNodeDirectory(action) &&
    makers.some((maker) => maker.task === task && isDeepStrictEqual(maker.action, essence(action)))
}

function isNodeDirectory({ kind, on }: PlanFileAction): boolean {
  return kind === 'makeDirectory' && on === 'node'
}
