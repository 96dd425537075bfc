/** Limits how many hosts run a task at the same time (`throttle`), in all batches of its play. */
import { type Away, createSeats, type Seats } from '../base/limit.ts'
import type { Task } from '../language/model.ts'
import type { EnterTask } from '../task/task-context.ts'

export interface Throttles {
  /** @param away Waits without the fork of the host. */
  of(away: Away): EnterTask
}

export function createThrottles(): Throttles {
  const seats = new Map<Task, Seats>()
  const seatsOf = (task: Task, most: number): Seats => {
    const present = seats.get(task) ?? createSeats(most)
    seats.set(task, present)
    return present
  }
  return {
    of: (away) => async (task, waiting) => {
      if (task.throttle === undefined) return () => undefined
      const places = seatsOf(task, task.throttle)
      if (!places.full) return places.take()
      waiting(task.throttle)
      return away(() => places.take())
    },
  }
}
