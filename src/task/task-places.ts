/** The hosts on which the tasks of one host act: its own, and those of `delegate_to`. One at a time. */
import type { HostName } from '../base/brand.ts'
import type { Stage } from './stage.ts'
import type { Window } from './window.ts'
import type { WindowOwner } from './window-host.ts'

export interface TaskPlace {
  readonly stage: Stage
  /** Undefined in a dry run. */
  readonly window: Window | undefined
}

/** Makes the place of a host; without a name, that of the tasks' own host. */
export type MakeTaskPlace = (owner: WindowOwner, delegate: HostName | undefined) => TaskPlace

export class TaskPlaces {
  readonly #make: (delegate: HostName | undefined) => TaskPlace
  readonly #known = new Map<HostName | undefined, TaskPlace>()
  /** Undefined: the tasks' own host. */
  delegate: HostName | undefined
  /** True if something was sent since the last move. */
  sent = false

  constructor(make: (delegate: HostName | undefined) => TaskPlace) {
    this.#make = make
  }

  get stage(): Stage {
    return this.#current.stage
  }

  get window(): Window | undefined {
    return this.#current.window
  }

  get waiting(): boolean {
    return this.window?.waiting === true
  }

  /** Moves to another host, with nothing waiting to be sent. What is known of it may be out of date. */
  moveTo(delegate: HostName | undefined): void {
    if (delegate === this.delegate) return
    if (this.waiting) throw new Error('actions wait to be sent to another host')
    this.window?.settled()
    this.delegate = delegate
    if (this.sent || delegate !== undefined) this.stage.waited()
    this.sent = false
  }

  get #current(): TaskPlace {
    const present = this.#known.get(this.delegate) ?? this.#make(this.delegate)
    this.#known.set(this.delegate, present)
    return present
  }
}
