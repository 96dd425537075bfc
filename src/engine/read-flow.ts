/** Reads the flow of playbooks, without an inventory. */
import { InputError, type Problem } from '../base/errors.ts'
import { defined } from '../base/defined.ts'
import type { FlowStep, FlowTask, PlayFlow } from '../events/play-flow.ts'
import { hostVariableSchemas } from '../inventory/connection-variables.ts'
import { chosenSteps, isBlockStep } from '../language/block-steps.ts'
import { inventoryTasks } from '../language/inventory-tasks.ts'
import type { Handler, Play, RoleUse, Task, TaskOrBlock } from '../language/model.ts'
import { readPlaybook } from '../language/playbook.ts'
import { tidy } from '../language/source.ts'
import { ModuleTable } from './custom/custom-modules.ts'
import { factsSchema } from './load.ts'
import { Notifications } from './notifications.ts'
import type { RunDependencies, RunRequest } from './request.ts'

/**
 * Variables that nothing defines are no mistakes, because the inventory may define them.
 * @throws InputError with every other mistake in the files
 */
export function readFlow(
  request: Pick<RunRequest, 'playbooks' | 'rolesPaths' | 'otherPlaybooks'>,
  dependencies: Pick<RunDependencies, 'files' | 'modules' | 'facts'>,
): readonly PlayFlow[] {
  const problems: Problem[] = []
  const modules = new ModuleTable(dependencies.modules, { ...request, files: dependencies.files })
  const plays = request.playbooks.flatMap((file) => {
    const { playbook, problems: found } = readPlaybook(file, {
      modules,
      rolesPaths: request.rolesPaths,
      ...defined({ otherPlaybooks: request.otherPlaybooks }),
      variables: Object.keys(hostVariableSchemas),
      facts: factsSchema(dependencies),
      files: dependencies.files,
    })
    problems.push(...found.filter(({ code }) => code !== 'undefined-variable'))
    return playbook?.plays ?? []
  })
  problems.push(...modules.problems)
  if (problems.length > 0) throw new InputError(tidy(problems))
  return flowOf(plays)
}

export function flowOf(plays: readonly Play[]): readonly PlayFlow[] {
  const numbers = new Map<string, number>()
  const next: NextId = (letter) => {
    const number = (numbers.get(letter) ?? 0) + 1
    numbers.set(letter, number)
    return `${letter}${number}`
  }
  return plays.map((play, index) => {
    const before = plays[index - 1]
    // The hosts of the play are known when all have ended the one before it.
    const waits = before !== undefined && inventoryTasks(before).length > 0
    const flow = playFlow(play, next)
    return waits ? { ...flow, afterNode: false } : flow
  })
}

/** Returns `t12`: unique among all plays. */
type NextId = (letter: 'p' | 'r' | 'b' | 't' | 'h') => string

function playFlow(play: Play, next: NextId): PlayFlow {
  const notifications = new Notifications(play.handlers)
  const ids = new Map<Handler, string>(play.handlers.map((handler) => [handler, next('h')]))
  const task = (id: string, { name, module, when, loop, notify }: Task): FlowTask => ({
    kind: 'task',
    id,
    name,
    module,
    conditional: when.length > 0,
    looped: loop !== undefined,
    notifies: [...new Set(notify.flatMap((one) => notifications.find(one.name)))].flatMap(
      (handler) => ids.get(handler) ?? [],
    ),
  })
  const step = (written: TaskOrBlock, role: RoleUse | undefined): FlowStep => {
    if (!isBlockStep(written)) return task(next('t'), written)
    const { kind, name } = written
    return {
      kind,
      id: next('b'),
      name,
      steps: steps(written.tasks, role),
      rescue: steps(written.rescue, role),
      always: steps(written.always, role),
    }
  }
  /** Puts neighbours from the same use of a role together, unless they are in it already. */
  const steps = (written: readonly TaskOrBlock[], around: RoleUse | undefined): readonly FlowStep[] =>
    byRole(withIncluded(written)).flatMap(({ role, members }): readonly FlowStep[] => {
      if (role === undefined || role === around) return members.map((one) => step(one, role))
      const id = next('r')
      return [{ kind: 'role', id, name: role.role.name, steps: members.map((one) => step(one, role)) }]
    })
  return {
    id: next('p'),
    name: play.name,
    pattern: play.hosts.written,
    afterNode: play.after === 'node',
    inBatches: play.serial !== undefined,
    sections: play.sections.map((section) => steps(chosenSteps(section.steps, isFirst), undefined)),
    handlers: [...ids].map(([handler, id]) => task(id, handler)),
  }
}

/** The steps, each include followed by all that it can include. */
function withIncluded(steps: readonly TaskOrBlock[]): readonly TaskOrBlock[] {
  return steps.flatMap((step) => {
    const choices = isBlockStep(step) ? [] : [...(step.include?.choices.values() ?? [])]
    return [step, ...choices.flatMap((choice) => withIncluded(choice.steps))]
  })
}

/** False for tasks that an earlier use of their role runs. */
function isFirst({ repeats }: Task): boolean {
  return repeats === undefined
}

interface Neighbours {
  readonly role: RoleUse | undefined
  readonly members: TaskOrBlock[]
}

function byRole(steps: readonly TaskOrBlock[]): readonly Neighbours[] {
  const groups: Neighbours[] = []
  for (const step of steps) {
    const role = roleOf(step)
    const last = groups.at(-1)
    if (last !== undefined && last.role === role) last.members.push(step)
    else groups.push({ role, members: [step] })
  }
  return groups
}

/** A block has no role of its own; its first task tells where it is written. */
function roleOf(step: TaskOrBlock): RoleUse | undefined {
  if (!isBlockStep(step)) return step.role
  const [first] = step.tasks
  return first === undefined ? undefined : roleOf(first)
}
