/** Frames of steps that a run sends to machines in memory, each step done at a moment of its own; and what becomes of them when nobody listens. */
import { allEffects } from '../../../src/host/effects.ts'
import { expectedNow } from '../../../src/host/expected-now.ts'
import type { ActionResult, MachineAccess } from '../../../src/host/access.ts'
import type { Step, StepResult, WindowContext } from '../../../src/host/step.ts'
import type { HostName } from '../../../src/base/brand.ts'
import type { Line } from './line.ts'
import type { SimulatedMachine } from './machine.ts'
import { SimulatedShell } from './shell.ts'

/** A frame from its first step to its last, with what it changes: two of different hosts must not meet. */
export interface Held {
  readonly for: HostName
  readonly keys: ReadonlySet<string>
}

interface Open extends Held {
  readonly machine: SimulatedMachine
  readonly token: number | undefined
  /** What was sent and is not done. */
  rest: readonly Step[]
}

export class Frames {
  readonly #line: Line
  readonly #open = new Set<Open>()
  /** What went wrong between hosts of this run. */
  readonly clashes: string[] = []

  constructor(line: Line) {
    this.#line = line
  }

  get open(): number {
    return this.#open.size
  }

  /** The run is gone: what it had sent may go on. */
  abandon(): void {
    for (const frame of this.#open) this.#goOn(frame)
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
    const { chance, weather } = this.#line.options
    const shell = await target.shell()
    if (!(shell instanceof SimulatedShell)) throw new Error('not a shell of a simulation')
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
    /** Done, and not told yet: files are told together. */
    const untold: number[] = []
    const results: StepResult[] = []
    const tell = (): void => {
      for (const index of untold.splice(0)) {
        results[index] = { kind: 'done' }
        finished(index, { kind: 'done' })
      }
    }
    try {
      for (const [index, step] of steps.entries()) {
        if (context.signal.aborted && index > 0) break
        if (step.action.kind === 'run' && !shell.gone.aborted) tell()
        this.#maybeLose(frame, shell)
        if (shell.gone.aborted) return this.#lost(steps, results)
        if (chance.happens(weather.stepFails)) machine.failNext = true
        const result = this.#perform(frame, step, false)
        this.#maybeLose(frame, shell)
        if (shell.gone.aborted) return this.#lost(steps, results)
        if (result.kind === 'done' && step.action.kind !== 'run') untold.push(index)
        else {
          tell()
          results[index] = result
          finished(index, result)
        }
        if (result.kind !== 'done') break
        await this.#line.pause(chance.between(1, 30))
        if (shell.gone.aborted) return this.#lost(steps, results)
        if (chance.happens(0.3)) tell()
      }
      end()
      await this.#line.latency()
      if (shell.gone.aborted) return this.#lost(steps, results)
      tell()
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
    const { chance, weather } = this.#line.options
    if (chance.happens(weather.stepLost)) {
      this.#line.drop(frame.machine)
      this.#goOn(frame)
    } else if (chance.happens(weather.shellLost)) shell.end()
  }

  /** A connection that is gone says nothing of what the host goes on with. */
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

  /** Nobody listens, and the host does what it was told, or stops. */
  #goOn(frame: Open): void {
    const { chance, weather, clock } = this.#line.options
    if (!chance.happens(weather.goesOn)) return
    const pauses = frame.rest.map(() => chance.between(1, 400))
    const next = (): void => {
      const [step] = frame.rest
      if (step === undefined || this.#perform(frame, step, true).kind !== 'done') return
      clock.in(pauses.pop() ?? 0, next)
    }
    clock.in(pauses.pop() ?? 0, next)
  }
}

/** The files that steps change, on their machine; what is not declared is nobody's to hold. */
function keysOf(steps: readonly Step[], { name }: SimulatedMachine): readonly string[] {
  return steps.flatMap(({ action }) =>
    allEffects(action).flatMap((effect) => (effect.kind === 'file' ? [`${name} file:${effect.name}`] : [])),
  )
}
