/** Events of a run, for tests of views. */
import type { Event, EventBody, Outcome, TaskDetail, TaskRef } from '../../events/events.ts'

/** Numbers events like a run. */
export function numbered(bodies: readonly EventBody[]): readonly Event[] {
  return bodies.map((body, index): Event => {
    return { v: 1, run: 'r1', seq: index + 1, time: '2026-01-02T03:04:05.000Z', ...body }
  })
}

export function taskRef(name: string, more: Partial<TaskRef> = {}): TaskRef {
  return { id: name, name, module: 'command', handler: false, where: 'site.yml:7', ...more }
}

export function started(
  hosts: readonly string[],
  check = false,
  more: Partial<Extract<EventBody, { readonly type: 'run.started' }>> = {},
): EventBody {
  return {
    type: 'run.started',
    playbooks: ['site.yml'],
    command: 'gpuplay run site.yml',
    check,
    hosts,
    containers: {},
    version: '1.2.3',
    ...more,
  }
}

export function playStarted(play: string, hosts: readonly string[], tasks: readonly TaskRef[]): EventBody {
  return { type: 'play.started', play, hosts, tasks }
}

export interface Ending {
  readonly detail?: TaskDetail
  readonly ignored?: true
  readonly rescued?: true
  readonly milliseconds?: number
}

export function taskFinished(host: string, task: TaskRef, outcome: Outcome, ending: Ending = {}): EventBody {
  return { type: 'task.finished', host, task, outcome, detail: {}, milliseconds: 5, ...ending }
}

type Finished = Extract<EventBody, { readonly type: 'run.finished' }>

/** The end of a run, 400 ms after its start. */
export function finished(more: Partial<Finished> = {}): EventBody {
  return {
    type: 'run.finished',
    hosts: {},
    exitCode: 0,
    check: false,
    milliseconds: 400,
    rows: [],
    failures: [],
    pendingHandlers: 0,
    ...more,
  }
}
