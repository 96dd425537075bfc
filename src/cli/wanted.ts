/** The options that select what a run does, of `run` and `plan`. */
import type { Configuration } from './configuration-keys.ts'
import type { Context } from './context.ts'
import type { ConnectionFlags, InventoryFlags, OutputFlags } from './flags.ts'
import { hostsToRerun } from './rerun.ts'
import { inventoriesOf } from './run-inputs.ts'
import { playbooksOf, shippedNames } from './shipped.ts'
import type { Wanted } from './start-run.ts'

export interface SelectionFlags
  extends InventoryFlags, ConnectionFlags, OutputFlags, Partial<Pick<Configuration, 'forks' | 'diff'>> {
  readonly limit?: string
  readonly rerunFailed: boolean
  readonly tags?: readonly string[]
  readonly skipTags?: readonly string[]
  readonly startAtTask?: string
  readonly forceHandlers?: boolean
}

/** @throws InputError for an unknown playbook, and if there is nothing to repeat */
export function wantedOf(
  context: Context,
  options: Pick<SelectionFlags, 'rerunFailed' | 'tags' | 'skipTags' | 'startAtTask'> &
    Configuration & { readonly check: boolean },
  names: readonly string[],
): Wanted {
  const { check, rerunFailed, tags = [], skipTags = [], startAtTask } = options
  const playbooks = playbooksOf(context, names)
  const inventories = inventoriesOf(context, options)
  return {
    playbooks,
    otherPlaybooks: shippedNames(context.shipped),
    tags: { tags, skipTags },
    startAt: startAtTask,
    onlyHosts: rerunFailed ? hostsToRerun(context, { playbooks, inventories, check }) : undefined,
    check,
  }
}
