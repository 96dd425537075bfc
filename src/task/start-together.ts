/** Waits for the turn of a host at a task: `strategy: linear`, `run_once` and `throttle`, in this order. */
import type { Turn } from './once.ts'
import type { TaskContext } from './task-context.ts'
import type { TaskRun } from './task-run.ts'

export interface TogetherOptions {
  readonly context: TaskContext
  /** True if no new task may start. */
  readonly stopped: () => boolean
  /** Called after a wait: other hosts may have changed what this one has seen. */
  readonly waited: () => void
}

/** True if the task has not started on this host, and other hosts may have to come first. */
export function startsWithOthers({ task, ref, foreseen }: TaskRun, { play }: TaskContext): boolean {
  if (foreseen > 0) return false
  return task.runOnce || task.throttle !== undefined || (play.strategy === 'linear' && !ref.handler)
}

/** @returns `stopped` if no new task may start; how the task ended if another host has run it for all */
export async function startTogether(
  run: TaskRun,
  { context, stopped, waited }: TogetherOptions,
): Promise<'run' | 'stopped' | Extract<Turn, { readonly kind: 'done' }>> {
  const { task, ref } = run
  const { host, run: whole, once, play, enter } = context
  const { name } = host.machine
  let hasWaited = false
  const waits = (why: string): void => {
    hasWaited = true
    whole.emitter.emit({ type: 'host.waiting', host: name, why })
  }
  const during = <T>(work: () => Promise<T>): Promise<T> =>
    whole.profile.during({ host: name, phase: 'wait', task: ref }, work)

  if (play.strategy === 'linear' && !ref.handler && !run.arrived) {
    const waiting = (other: string): void =>
      waits(`${other} has not reached "${ref.name}" (strategy: linear)`)
    if ((await during(() => once.arrive(task, { stopped, waiting }))) === 'stopped') return 'stopped'
    run.arrived = true
  }
  if (task.runOnce) {
    const waiting = (other: string): void => waits(`${other} runs "${ref.name}" for all hosts (run_once)`)
    run.turn ??= await during(() => once.turn(task, { stopped, waiting }))
  }
  if (task.throttle !== undefined && run.leave === undefined && run.turn?.kind !== 'done') {
    const waiting = (most: number): void =>
      waits(`"${ref.name}" runs on ${most === 1 ? 'one host' : `${most} hosts`} at a time (throttle)`)
    run.leave = await during(() => enter(task, waiting))
  }
  if (hasWaited || run.turn?.kind === 'done') waited()
  if (run.turn?.kind === 'done') return run.turn
  return run.turn?.kind === 'stopped' || stopped() || whole.signal.aborted ? 'stopped' : 'run'
}
