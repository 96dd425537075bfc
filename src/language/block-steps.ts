/** Tasks and blocks in their order. */
import type { Block, Task, TaskOrBlock } from './model.ts'

export function isBlockStep(step: TaskOrBlock): step is Block {
  return 'kind' in step
}

export function isTaskStep(step: TaskOrBlock): step is Task {
  return !isBlockStep(step)
}

/** Returns all tasks of these steps, in the order of the file, each include before what it can include. */
export function tasksOf(steps: readonly TaskOrBlock[]): readonly Task[] {
  return steps.flatMap((step) =>
    isBlockStep(step)
      ? tasksOf([...step.tasks, ...step.rescue, ...step.always])
      : [step, ...includedTasks(step)],
  )
}

/** Returns the tasks that an include can run. */
export function includedTasks({ include }: Task): readonly Task[] {
  return [...(include?.choices.values() ?? [])].flatMap(({ steps }) => tasksOf(steps))
}

/** Returns an include with other steps in its choices, any other task as it is. */
function withChoices(task: Task, change: (steps: readonly TaskOrBlock[]) => readonly TaskOrBlock[]): Task {
  if (task.include === undefined) return task
  const choices = [...task.include.choices].map(
    ([key, choice]) => [key, { ...choice, steps: change(choice.steps) }] as const,
  )
  return { ...task, include: { ...task.include, choices: new Map(choices) } }
}

/** Returns the steps with other tasks in the place of theirs. */
export function mapTasks(
  steps: readonly TaskOrBlock[],
  change: (task: Task) => Task,
): readonly TaskOrBlock[] {
  return steps.map((step): TaskOrBlock =>
    isBlockStep(step)
      ? {
          ...step,
          tasks: mapTasks(step.tasks, change),
          rescue: mapTasks(step.rescue, change),
          always: mapTasks(step.always, change),
        }
      : withChoices(change(step), (inside) => mapTasks(inside, change)),
  )
}

/** Returns the steps with only these tasks. Without tasks to fail, a block is what it always runs. */
export function chosenSteps(
  steps: readonly TaskOrBlock[],
  chosen: (task: Task) => boolean,
): readonly TaskOrBlock[] {
  return steps.flatMap((step): readonly TaskOrBlock[] => {
    if (!isBlockStep(step))
      return chosen(step) ? [withChoices(step, (inside) => chosenSteps(inside, chosen))] : []
    const tasks = chosenSteps(step.tasks, chosen)
    const always = chosenSteps(step.always, chosen)
    if (tasks.length === 0) return always
    return [{ ...step, tasks, rescue: chosenSteps(step.rescue, chosen), always }]
  })
}

/** The tasks of the steps that run if nothing fails. What an include runs is not known yet. */
export function withoutFailures(steps: readonly TaskOrBlock[]): readonly Task[] {
  return steps.flatMap((step) =>
    isBlockStep(step) ? withoutFailures([...step.tasks, ...step.always]) : [step],
  )
}
