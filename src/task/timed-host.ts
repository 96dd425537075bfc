/** A host of which the profile of the run learns what it does, and for which task. */
import type { TaskRef } from '../events/events.ts'
import type { Phase, Profile } from '../fleet/profile.ts'
import type { RealTaskHost } from './task-host.ts'

export function timedHost(host: RealTaskHost, name: string, profile: Profile): RealTaskHost {
  const during = <T>(phase: Phase, task: TaskRef | undefined, work: () => Promise<T>): Promise<T> =>
    profile.during({ host: name, phase, task }, work)
  const { confirm } = host
  return {
    ...host,
    ...(confirm === undefined
      ? {}
      : { confirm: (question: string) => during('wait', undefined, () => confirm(question)) }),
    probe: (unit, overlay, options) => during('look', unit.ref, () => host.probe(unit, overlay, options)),
    surprises: (unit, actions) => during('look', unit.ref, () => host.surprises(unit, actions)),
    hold: (actions) => during('wait', undefined, () => host.hold(actions)),
    sleep: (seconds) => during('wait', undefined, () => host.sleep(seconds)),
    send: (sent, hear) =>
      profile.during({ host: name, phase: 'act', task: sent[0]?.unit.ref }, (turn) =>
        host.send(sent, {
          ...hear,
          finished(index, milliseconds) {
            hear.finished(index, milliseconds)
            const next = sent[index + 1]
            if (next) turn(next.unit.ref)
          },
        }),
      ),
  }
}
