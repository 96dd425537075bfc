/** Tasks and blocks in their order. */
import type { Block, Task, TaskOrBlock } from './model.ts'

export function isBlockStep(step: TaskOrBlock): step is Block {
  return 'kind' in step
}

/** Returns all tasks of these steps, in the order of the file. */
export function tasksOf(steps: readonly TaskOrBlock[]): readonly Task[] {
  return steps.flatMap((step) =>
    isBlockStep(step) ? tasksOf([...step.tasks, ...step.rescue, ...step.always]) : [step],
  )
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
      : change(step),
  )
}

/** Returns the steps with only these tasks. Without tasks to fail, a block is what it always runs. */
export function chosenSteps(
  steps: readonly TaskOrBlock[],
  chosen: (task: Task) => boolean,
): readonly TaskOrBlock[] {
  return steps.flatMap((step): readonly TaskOrBlock[] => {
    if (!isBlockStep(step)) return chosen(step) ? [step] : []
    const tasks = chosenSteps(step.tasks, chosen)
    const always = chosenSteps(step.always, chosen)
    if (tasks.length === 0) return always
    return [{ ...step, tasks, rescue: chosenSteps(step.rescue, chosen), always }]
  })
}
