import type { Event, EventBody, EventSink } from './events.ts'
import type { Redactor } from './redactor.ts'

/** Gives events their number and time and takes secrets out of them. The only way from the engine to a view. */
export interface Emitter {
  emit(body: EventBody): void
}

export interface EmitterOptions {
  readonly run: string
  readonly now: () => Date
  readonly sinks: readonly EventSink[]
  readonly redactor: Redactor
}

export function createEmitter({ run, now, sinks, redactor }: EmitterOptions): Emitter {
  let seq = 0
  let ended = false
  return {
    emit(body) {
      // A run that quits leaves work behind that may still speak: its last event stays the last.
      if (ended) return
      ended = body.type === 'run.finished'
      seq += 1
      const event: Event = { v: 1, run, seq, time: now().toISOString(), ...redactor.redact(body) }
      for (const sink of sinks) sink(event)
    },
  }
}
