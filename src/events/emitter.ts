import type { Event, EventBody, EventSink } from './events.ts'
import type { Secrets } from '../base/secrets.ts'

/**
 * Numbers events, adds the time and removes secrets. All events from the engine to a view pass through it.
 */
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
      // Work that outlives a run that quit may still emit events. The last event must stay the last.
      if (ended) return
      ended = body.type === 'run.finished'
      seq += 1
      const event: Event = { v: 1, run, seq, time: now().toISOString(), ...secrets.redact(body, structure) }
      for (const sink of sinks) sink(event)
    },
  }
}

/** Keeps words of the format and names of hosts, even if a password is "changed". */
const structure: ReadonlySet<string> = new Set(['type', 'outcome', 'kind', 'module', 'host', 'hosts', 'on'])
