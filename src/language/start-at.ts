/** Finds the task of `--start-at-task`. */
import { globPattern } from '../base/glob.ts'
import type { Problem } from '../base/errors.ts'
import type { Playbook, Task } from './model.ts'
import { problem } from './source.ts'
import { didYouMean } from './suggest.ts'

export interface Start {
  /** The tasks before it, of all earlier plays too. Handlers are never among them. */
  readonly before: ReadonlySet<Task>
  readonly problems: readonly Problem[]
}

/**
 * Returns the tasks before the first one with this name. `ROLE : NAME` and `*`, `?`, `[...]` work as in
 * Ansible.
 * @param isChosen Tasks that `--tags` leaves out cannot be the first one.
 */
export function startAt(
  playbooks: readonly Playbook[],
  name: string | undefined,
  isChosen: (task: Task) => boolean,
): Start {
  if (name === undefined) return { before: new Set(), problems: [] }
  const tasks = playbooks
    .flatMap(({ plays }) => plays)
    .flatMap(({ sections }) => sections.flatMap((section) => section.tasks))
  const pattern = globPattern(name, { classes: true })
  const fits = (task: Task): boolean =>
    namesOf(task).some((known) => known === name || pattern.test(known)) && isChosen(task)
  const first = tasks.findIndex(fits)
  const found = tasks[first]
  if (found === undefined) return { before: new Set(), problems: [noSuchTask(name, tasks.filter(isChosen))] }
  if (found.repeated) return { before: new Set(), problems: [inLoop(found)] }
  if (found.inRescue) return { before: new Set(), problems: [inRescue(found)] }
  return { before: new Set(tasks.slice(0, first)), problems: [] }
}

function namesOf({ name, role }: Task): readonly string[] {
  return role === undefined ? [name] : [name, `${role.role.name} : ${name}`]
}

const where = { file: '--start-at-task', line: 1, column: 1 }

function noSuchTask(name: string, tasks: readonly Task[]): Problem {
  return problem('unknown-task', `there is no task ${JSON.stringify(name)}`, {
    where,
    hint: didYouMean(name, tasks.flatMap(namesOf), 'see --list-tasks for the names'),
  })
}

function inLoop({ name, where: place }: Task): Problem {
  return problem('unknown-task', `a run cannot start at "${name}", which is in an include with a loop`, {
    where: place,
    hint: 'start at the include, or at the task before it',
  })
}

function inRescue({ name, where: place }: Task): Problem {
  return problem('unknown-task', `a run cannot start at "${name}", which is under "rescue"`, {
    where: place,
    hint: 'it runs only if a task of its block fails: start at the first task of the block',
  })
}
