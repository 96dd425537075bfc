/** What a task of `include_tasks` or `include_role` runs on one host. */
import type { Task, TaskOrBlock } from '../language/model.ts'
import type { Layer } from '../language/scope.ts'
import { type Inclusion, unknownInclusion } from '../task/inclusion.ts'
import type { TaskResult } from '../task/item-result.ts'

export interface IncludedSteps {
  readonly steps: readonly TaskOrBlock[]
  readonly layers: readonly Layer[]
  readonly doubt: string | undefined
}

/** Returns the steps to run for each item, and those that no item runs. */
export function stepsIncluded(
  task: Task,
  { outcome, inclusions, detail }: TaskResult,
): { readonly parts: readonly IncludedSteps[]; readonly others: readonly TaskOrBlock[] } {
  const choices = task.include?.choices ?? new Map<string, never>()
  const given: readonly Inclusion[] =
    outcome === 'unknown' && inclusions.length === 0
      ? [unknownInclusion(task, detail.why ?? 'a dry run cannot know it')]
      : inclusions
  const ran = new Set<string>()
  const parts = given.flatMap(({ choice, layers, doubt }) => {
    const keys = choice === undefined ? [...choices.keys()] : [choice]
    return keys.map((key): IncludedSteps => {
      ran.add(key)
      return { steps: choices.get(key)?.steps ?? [], layers, doubt }
    })
  })
  const others = [...choices].flatMap(([key, { steps }]) => (ran.has(key) ? [] : steps))
  return { parts, others }
}
