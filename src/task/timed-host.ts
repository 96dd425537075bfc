/**
 * Wraps a host to record what it does, and for which task: for the profile, and for the message of an
 * interruption.
 */
import { defined, mapped } from '../base/defined.ts'
import type { TaskRef } from '../events/events.ts'
import type { Phase } from '../fleet/profile.ts'
import type { RunContext } from '../fleet/run-context.ts'
import type { RealTaskHost } from './task-host.ts'

export function timedHost(
  host: RealTaskHost,
  name: string,
  { profile, awaited }: Pick<RunContext, 'profile' | 'awaited'>,
): RealTaskHost {
  const during = <T>(phase: Phase, task: TaskRef | undefined, work: () => Promise<T>): Promise<T> =>
    profile.during({ host: name, phase, task }, work)
  const { confirm } = host
  return {
    ...host,
    ...defined({
      confirm: mapped(
        confirm,
        (confirm) => (question: string) => during('wait', undefined, () => confirm(question)),
      ),
    }),
    probe: (unit, overlay, options) =>
      awaited.during({ host: name, phase: 'look', task: unit.ref }, () =>
        during('look', unit.ref, () => host.probe(unit, overlay, options)),
      ),
    surprises: (unit, actions) => during('look', unit.ref, () => host.surprises(unit, actions)),
    hold: (actions) => during('wait', undefined, () => host.hold(actions)),
    sleep: (seconds) => during('wait', undefined, () => host.sleep(seconds)),
    send: async (sent, hear) => {
      const task = sent[0]?.unit.ref
      if (task === undefined) return host.send(sent, hear)
      const span = { host: name, phase: 'act', task } as const
      return profile.during(span, (turn) =>
        awaited.during(span, (turnAwaited) =>
          host.send(sent, {
            ...hear,
            finished(index, milliseconds) {
              hear.finished(index, milliseconds)
              const next = sent[index + 1]
              if (next === undefined) return
              turn(next.unit.ref)
              turnAwaited(next.unit.ref)
            },
          }),
        ),
      )
    },
  }
}
