import type { Unknown } from '../base/unknown.ts'
import { labelOf } from '../host/label.ts'
import type { Overlay } from '../host/overlay.ts'
import type { Plan } from '../host/plan.ts'
import type { ResourcePattern } from '../host/resource.ts'
import type { Confirm } from './confirmations.ts'
import type { Flushed, Stage } from './stage.ts'
import type { Reading, TaskFailure, Unit } from './unit.ts'
import type { TaskHost } from './window-host.ts'

/** The stage of a dry run: adds every change to the overlay that later tasks read, and sends nothing. */
export class DryStage implements Stage {
  readonly sends = false
  readonly waiting = false
  readonly #host: TaskHost
  readonly #overlay: Overlay

  constructor(host: TaskHost, overlay: Overlay) {
    this.#host = host
    this.#overlay = overlay
  }

  get confirm(): Confirm | undefined {
    return this.#host.confirm
  }

  probe(unit: Unit): Promise<Reading> {
    return this.#host.probe(unit, this.#overlay)
  }

  async queue(unit: Unit, plan: Plan): Promise<void> {
    for (const action of plan.actions) unit.progress.did(labelOf(action), plan, undefined)
    await this.predict(unit, plan)
  }

  predict(unit: Unit, plan: Plan): Promise<void> {
    return this.#host.predict(unit, plan.actions, this.#overlay)
  }

  mayChange(resources: readonly ResourcePattern[], why: string): void {
    if (resources.length > 0) this.#host.mayChange(resources, why, this.#overlay)
  }

  whyNot(unit: Unit, plan: Plan): Promise<Unknown | undefined> {
    return this.#host.whyNot(unit, plan.actions, this.#overlay)
  }

  flush(): Promise<Flushed> {
    throw new Error('a dry run sends nothing')
  }

  wait(): Promise<void> {
    throw new Error('a dry run waits for nothing')
  }

  waited(): void {
    // In a dry run nothing waits.
  }

  forbids(unit: Unit, plan: Plan): TaskFailure | undefined {
    return this.#host.forbids(unit, plan)
  }

  now(): number {
    return this.#host.now()
  }
}
