/**
 * The host that a window of tasks uses, on real machines. Probes through the reader and acts through the
 * executors. Takes the lease before the first action, holds the resources, and waits for a machine that an
 * action took down.
 */
import { defined } from '../base/defined.ts'
import { exitCodes } from '../base/errors.ts'
import { becomeFor, type HostContext, reveal } from './host-context.ts'
import { Sender } from './sender.ts'
import type { Privilege } from '../connection/connection.ts'
import type { Touched } from '../fleet/host-variables.ts'
import type { Machine } from '../fleet/machine.ts'
import type { Effect } from '../host/action.ts'
import { createOverlay } from '../host/overlay.ts'
import { surprises } from '../host/surprises.ts'
import { whyUnfit } from '../host/unfit.ts'
import { claimsOf } from './claims.ts'
import { exposedSecret } from './secret-arguments.ts'
import { overlapping } from './overlap.ts'
import { probeUnit } from './probe-unit.ts'
import { ofTask } from './unforeseen.ts'
import { plainFailure } from './failures.ts'
import { changesOf } from './item-changes.ts'
import type { Unit } from './unit.ts'
import type { TaskHost } from './window-host.ts'

/** Seconds to keep trying to reconnect. */
const reconnectSeconds = 60

export interface RealTaskHost extends TaskHost {
  /** Changes with every change and every prediction on the host and its node. */
  generation(): number
}

export function createTaskHost(context: HostContext): RealTaskHost {
  const { run, host } = context
  const { machine, variables } = host
  const { world, signal } = run
  const place = { name: machine.name, nodeName: machine.node?.name, ctid: machine.placement.ctid }
  const becomeOf = (unit: Unit): Privilege['become'] => becomeFor(unit, context)
  const reconnect = async (target: Machine): Promise<void> => {
    await target.closeShells()
    await target.reopen(reconnectSeconds * 1000)
  }
  let endChange: (() => void) | undefined
  const sender = new Sender(context, becomeOf, reconnect)

  return {
    ...defined({ confirm: context.confirm }),
    now: world.clock,
    sleep: (seconds) => world.sleep(seconds * 1000, signal),
    generation: () => machine.epoch.value,
    newOverlay: createOverlay,
    forbids(unit, plan) {
      for (const action of plan.actions) {
        const problem = exposedSecret(action, run.secrets) ?? whyUnfit(action)
        if (problem !== undefined) return plainFailure(problem)
      }
      const problem = run.planning?.refuses?.(changesOf(unit, plan, machine))
      return problem && { ...plainFailure(problem), exitCode: exitCodes.drifted }
    },
    userOf: (unit) => becomeOf(unit)?.user ?? '',
    probe: (unit, overlay, { behind } = { behind: false }) =>
      probeUnit(unit, {
        reader: host.reader(becomeOf(unit)),
        overlay,
        environment: reveal(unit.ready.environment),
        secrets: run.secrets,
        check: run.check,
        reconnect: behind ? undefined : () => reconnect(machine),
      }).catch((error: unknown) => {
        throw signal.aborted ? error : ofTask(error, unit.task)
      }),
    async predict(unit, actions, overlay) {
      const reader = host.reader(becomeOf(unit))
      for (const action of actions) {
        await reader.findLinks(action, overlay)
        overlay.apply(place, action, { byUser: !machine.isRoot(becomeOf(unit)) })
      }
      // Later tasks will find a different host than earlier answers show.
      const isChanged = (touched: Touched): boolean => overlapping(actions, { touched }, place)
      variables.forgetFacts(isChanged)
      if (machine.node) run.fleet.variables(machine.node.name).forgetFacts(isChanged)
      machine.epoch.value += 1
    },
    mayChange(resources, why, overlay) {
      const effects: Effect[] = [{ kind: 'unknown', resources, why }]
      const { ctid, nodeName } = place
      if (ctid !== undefined && nodeName !== undefined && resources.includes('*'))
        effects.push({ on: 'node', kind: 'unknown', resources: [`container:${ctid}`], why })
      overlay.apply(place, { kind: 'run', argv: [], effects })
      machine.epoch.value += 1
    },
    async whyNot(unit, actions, overlay) {
      if (machine.isRoot(becomeOf(unit))) return undefined
      const view = host.reader(becomeOf(unit)).forTask({ overlay })
      for (const action of actions) {
        const why = await view.whyNot(action)
        if (why !== undefined) return why
      }
      return undefined
    },
    async hold(actions) {
      const waiting = setTimeout(() => {
        run.emitter.emit({
          type: 'host.waiting',
          host: (context.from ?? host).machine.name,
          why: 'waiting for another host of this run that is changing the same resource',
        })
      }, 1000)
      const before = machine.epoch.value
      try {
        const hold = await run.holds.acquire(claimsOf(actions, machine), signal)
        return { waited: hold.waited && machine.epoch.value !== before, release: () => hold.release() }
      } finally {
        clearTimeout(waiting)
      }
    },
    send(sent, hear) {
      endChange ??= machine.patience.beginChange()
      return sender.send(sent, hear)
    },
    settled() {
      endChange?.()
      endChange = undefined
    },
    touched(actions, askedBehind) {
      const spared = askedBehind && { user: becomeOf(askedBehind)?.user ?? '' }
      if (askedBehind === undefined) machine.epoch.value += 1
      for (const action of actions) host.reader().answers.dropFor(action, place, spared)
      variables.forgetFacts()
      if (machine.node && actions.some(({ on }) => on === 'node'))
        run.fleet.variables(machine.node.name).forgetFacts()
    },
    refresh({ touched }) {
      const reader = host.reader()
      for (const key of touched.keys()) {
        const space = key.indexOf(' ')
        const answers = key.slice(0, space) === machine.name ? reader.answers : reader.node?.answers
        answers?.drop(key.slice(space + 1))
      }
    },
    waited() {
      machine.epoch.value += 1
      host.reader().answers.clear()
      host.reader().node?.answers.clear()
      variables.forgetFacts()
    },
    overlaps: (actions, reading) => overlapping(actions, reading, place),
    surprises: (unit, actions) =>
      actions.length === 0 ? Promise.resolve([]) : surprises(actions, host.reader(becomeOf(unit)).view()),
  }
}
