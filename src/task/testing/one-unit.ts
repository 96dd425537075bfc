/** Runs one unit to its end, like a sequence with a single task. */
import type { Overlay } from '../../host/overlay.ts'
import { converge } from '../converge.ts'
import type { Converged, Planned, Unit } from '../unit.ts'
import { DryStage } from '../dry-stage.ts'
import { Window } from '../window.ts'
import type { TaskHost } from '../window-host.ts'

export interface OneUnit {
  readonly converged: Converged
  /** Finished actions, in order. */
  readonly acted: readonly Planned[]
  /** What long waits were for. */
  readonly told: readonly string[]
}

/** Calls `makeUnit` each time the unit is planned. With an overlay this is a dry run. */
export async function settleUnit(makeUnit: () => Unit, host: TaskHost, overlay?: Overlay): Promise<OneUnit> {
  if (overlay !== undefined) {
    const converged = await converge(makeUnit(), new DryStage(host, overlay))
    if (converged === undefined) throw new Error('a dry run went back')
    return { converged, acted: [], told: [] }
  }
  const settled: Converged[] = []
  const told: string[] = []
  const acted: Planned[] = []
  const window = new Window({
    host,
    stepByStep: false,
    owner: {
      settle(_unit, converged) {
        settled.push(converged)
        return Promise.resolve('next')
      },
      drained: () => Promise.resolve('next'),
      goBackTo: () => Promise.resolve(),
      acted: (_unit, planned) => void acted.push(planned),
      sending: () => undefined,
      onWay: () => undefined,
    },
  })
  for (;;) {
    const [converged] = settled
    if (converged !== undefined) return { converged, acted, told }
    const unit = makeUnit()
    const end = await converge(unit, window, (message) => void told.push(message))
    if (end === undefined) continue
    await window.add(unit, end)
    if (window.waiting) await window.flush()
  }
}
