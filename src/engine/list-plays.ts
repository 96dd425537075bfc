/** Lists the plays of a run with their hosts and tasks, without a connection to any host. */
import { defined } from '../base/defined.ts'
import type { ListedPlay } from '../events/listed-play.ts'
import { includedTasks } from '../language/block-steps.ts'
import { prepareRun } from './prepare-run.ts'
import type { RunDependencies, RunRequest } from './request.ts'
import { refOf } from './task-refs.ts'

/** @throws InputError with every mistake that a run would report before its first connection */
export function listPlays(request: RunRequest, dependencies: RunDependencies): readonly ListedPlay[] {
  const { loaded } = prepareRun(request, dependencies, dependencies.signal)
  return loaded.selection.plays.map(({ name, pattern, play, hosts, additions }) => {
    const chosen = play.sections.flatMap((section) => section.tasks).filter(loaded.selected)
    const inside = new Set(chosen.flatMap(includedTasks))
    const tasks = chosen.map((task) => {
      const { name, module } = refOf(play, task, task.name)
      const included = inside.has(task) ? (true as const) : undefined
      return { name, module, tags: task.tags, ...defined({ included }) }
    })
    const tags = [...new Set(chosen.flatMap((task) => task.tags))].sort()
    const mayChange = additions.length > 0 ? (true as const) : undefined
    return { name, pattern, hosts, tasks, tags, ...defined({ mayChange }) }
  })
}
