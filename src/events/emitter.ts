import type { Event, EventBody, EventSink } from './events.ts'
import type { Secrets } from '../base/secrets.ts'

/** Gives events their number and time and takes secrets out of them. The only way from the engine to a view. */
export interface Emitter {
  emit(body: EventBody): void
}

export interface EmitterOptions {
  readonly run: string
  readonly now: () => Date
  readonly sinks: readonly EventSink[]
  readonly secrets: Secrets
}

export function createEmitter({ run, now, sinks, secrets }: EmitterOptions): Emitter {
  let seq = 0
  let ended = false
  return {
    emit(body) {
      // A run that quits leaves work behind that may still speak: its last event stays the last.
      if (ended) return
      ended = body.type === 'run.finished'
      seq += 1
      const event: Event = { v: 1, run, seq, time: now().toISOString(), ...secrets.redact(body, structure) }
      for (const sink of sinks) sink(event)
    },
  }
}

/** Words of the format and names of hosts stay, also where somebody's password is "changed". */
const structure: ReadonlySet<string> = new Set(['type', 'outcome', 'kind', 'module', 'host', 'hosts', 'on'])
