/**
 * Frames that a run sends to machines in memory. Time passes between steps, and a frame may continue after
 * its connection is lost.
 */
import { allEffects } from '../../../src/host/effects.ts'
import { expectedNow } from '../../../src/host/expected-now.ts'
import type { ActionResult, MachineAccess } from '../../../src/host/access.ts'
import type { Step, StepResult, WindowContext } from '../../../src/host/step.ts'
import type { HostName } from '../../../src/base/brand.ts'
import type { Line } from './line.ts'
import type { SimulatedMachine } from './machine.ts'
import { SimulatedShell } from './shell.ts'

/**
 * An open frame and the resources that it changes. Frames of different hosts must not change the same
 * resource.
 */
export interface Held {
  readonly for: HostName
  readonly keys: ReadonlySet<string>
}

interface Open extends Held {
  readonly machine: SimulatedMachine
  readonly token: number | undefined
  /** Steps that were sent but not carried out. */
  rest: readonly Step[]
}

export class Frames {
  readonly #line: Line
  readonly #open = new Set<Open>()
  /** Conflicts between hosts of this run. */
  readonly clashes: string[] = []

  constructor(line: Line) {
    this.#line = line
  }

  get open(): number {
    return this.#open.size
  }

  /** The run was killed: its frames may continue. */
  abandon(): void {
    for (const frame of this.#open) this.#continue(frame)
    this.#open.clear()
  }

  async carryOut(
    given: readonly Step[],
    access: MachineAccess,
    context: WindowContext,
  ): Promise<readonly StepResult[]> {
    const steps = expectedNow(given)
    const results: StepResult[] = []
    while (results.length < steps.length && results.every(({ kind }) => kind === 'done')) {
      const first = results.length
      const on = steps[first]?.action.on ?? 'host'
      const end = steps.findIndex((step, index) => index > first && (step.action.on ?? 'host') !== on)
      const target = on === 'node' ? (access.node ?? access) : access
      const frame = steps.slice(first, end === -1 ? undefined : end)
      results.push(
        ...(await this.#frame(frame, target, {
          for: access.name,
          context,
          finished: (index, result) => context.finished?.(first + index, result),
          last: end === -1 && on === 'host',
        })),
      )
    }
    return steps.map((_, index) => results[index] ?? { kind: 'notBegun' })
  }

  async #frame(
    steps: readonly Step[],
    target: MachineAccess,
    {
      for: host,
      context,
      finished,
      last,
    }: {
      readonly for: HostName
      readonly context: WindowContext
      readonly finished: (index: number, result: ActionResult) => void
      readonly last: boolean
    },
  ): Promise<readonly StepResult[]> {
    const { chance, faultRates } = this.#line.options
    const shell = await target.shell()
    if (!(shell instanceof SimulatedShell)) throw new Error('not a simulated shell')
    const machine = this.#line.machine(target.name)
    const frame: Open = {
      for: host,
      machine,
      token: context.lease?.(target.name),
      keys: new Set(keysOf(steps, machine)),
      rest: steps,
    }
    const { turn, end } = shell.queue()
    if (last) context.onWay?.()
    await this.#line.latency()
    await turn
    this.#enter(frame)
    /** Steps that are done but not reported: files are reported together. */
    const unreported: number[] = []
    const results: StepResult[] = []
    const report = (): void => {
      for (const index of unreported.splice(0)) {
        results[index] = { kind: 'done' }
        finished(index, { kind: 'done' })
      }
    }
    try {
      for (const [index, step] of steps.entries()) {
        if (context.signal.aborted && index > 0) break
        if (step.action.kind === 'run' && !shell.gone.aborted) report()
        this.#maybeLose(frame, shell)
        if (shell.gone.aborted) return this.#lost(steps, results)
        if (chance.happens(faultRates.stepFails)) machine.failNext = true
        const result = this.#perform(frame, step, false)
        this.#maybeLose(frame, shell)
        if (shell.gone.aborted) return this.#lost(steps, results)
        if (result.kind === 'done' && step.action.kind !== 'run') unreported.push(index)
        else {
          report()
          results[index] = result
          finished(index, result)
        }
        if (result.kind !== 'done') break
        await this.#line.pause(chance.between(1, 30))
        if (shell.gone.aborted) return this.#lost(steps, results)
        if (chance.happens(0.3)) report()
      }
      end()
      await this.#line.latency()
      if (shell.gone.aborted) return this.#lost(steps, results)
      report()
      return steps.map((_, index) => results[index] ?? { kind: 'notBegun' })
    } finally {
      end()
      this.#open.delete(frame)
    }
  }

  #enter(frame: Open): void {
    for (const other of this.#open) {
      if (other.for === frame.for) continue
      for (const key of frame.keys)
        if (other.keys.has(key)) this.clashes.push(`${frame.for} and ${other.for} both change ${key}`)
    }
    this.#open.add(frame)
  }

  #maybeLose(frame: Open, shell: SimulatedShell): void {
    const { chance, faultRates } = this.#line.options
    if (chance.happens(faultRates.stepLost)) {
      this.#line.drop(frame.machine)
      this.#continue(frame)
    } else if (chance.happens(faultRates.shellLost)) shell.end()
  }

  /** After a lost connection, the run does not know which steps the host carries out. */
  #lost(steps: readonly Step[], results: readonly StepResult[]): readonly StepResult[] {
    return steps.map((_, index) => results[index] ?? { kind: 'lost', why: 'the connection dropped' })
  }

  #perform(frame: Open, step: Step, orphaned: boolean): ActionResult {
    const { deeds, run, clock } = this.#line.options
    const { machine, token } = frame
    frame.rest = frame.rest.slice(1)
    if (orphaned) machine.disturbedAt.push(clock.now)
    return machine.perform(step, token, (what) =>
      deeds.push({ run, for: frame.for, machine: machine.name, what, at: clock.now, orphaned }),
    )
  }

  /** After a lost connection, the host continues the frame or stops. */
  #continue(frame: Open): void {
    const { chance, faultRates, clock } = this.#line.options
    if (!chance.happens(faultRates.frameContinues)) return
    const pauses = frame.rest.map(() => chance.between(1, 400))
    const next = (): void => {
      const [step] = frame.rest
      if (step === undefined || this.#perform(frame, step, true).kind !== 'done') return
      clock.in(pauses.pop() ?? 0, next)
    }
    clock.in(pauses.pop() ?? 0, next)
  }
}

/** The files that steps declare to change, on their machine. */
function keysOf(steps: readonly Step[], { name }: SimulatedMachine): readonly string[] {
  return steps.flatMap(({ action }) =>
    allEffects(action).flatMap((effect) => (effect.kind === 'file' ? [`${name} file:${effect.name}`] : [])),
  )
}
