/** What the events of a run say, as short texts. */
import type { LocalRun } from './local-run.ts'

/** `PLAY: HOSTS` of each play that started. */
export const playsOf = ({ events }: LocalRun): readonly string[] =>
  events.flatMap((event) =>
    event.type === 'play.started' ? [`${event.play}: ${event.hosts.join(' ')}`] : [],
  )

/** `HOST TASK OUTCOME` of every finished task. */
export const endsOf = ({ events }: LocalRun): readonly string[] =>
  events.flatMap((event) =>
    event.type === 'task.finished' ? [`${event.host} ${event.task.name} ${event.outcome}`] : [],
  )

export const warningsOf = ({ events }: LocalRun): readonly string[] =>
  events.flatMap((event) => (event.type === 'warning' ? [event.message] : []))

/** `CODE: MESSAGE (HINT)` of each task that failed, and of each host that was refused. */
export const problemsOf = ({ events }: LocalRun): readonly string[] =>
  events.flatMap((event) => {
    const problem =
      event.type === 'task.finished'
        ? event.detail.problem
        : event.type === 'host.unreachable'
          ? event.problem
          : undefined
    return problem === undefined ? [] : [`${problem.code}: ${problem.message} (${problem.hint ?? ''})`]
  })
