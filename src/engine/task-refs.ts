/** Tasks as events and lists name them. */
import type { TaskRef } from '../events/events.ts'
import type { Play, Task } from '../language/model.ts'

/** `shown` is the name for people, possibly rendered for a host. */
export function refOf(play: Play, task: Task, shown: string): TaskRef {
  const name = task.role === undefined ? shown : `${task.role.role.name} : ${shown}`
  const handler = play.handlers.some((candidate) => candidate === task)
  const { file, line } = task.where
  return { id: task.key, name, module: task.module, handler, where: `${file}:${line}` }
}
