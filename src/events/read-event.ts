/** Reads events that were printed as JSON lines. */
import type { Event } from './events.ts'

/** Every type of event, so that a log of a newer version, which may have others, can still be shown. */
const types: Readonly<Record<Event['type'], true>> = {
  'run.started': true,
  'hosts.joined': true,
  'batch.started': true,
  'play.started': true,
  'play.finished': true,
  'host.connecting': true,
  'host.connected': true,
  'host.unreachable': true,
  'host.waiting': true,
  'host.interrupted': true,
  'host.rescued': true,
  'task.started': true,
  'task.progress': true,
  'task.finished': true,
  'action.finished': true,
  'item.finished': true,
  'program.log': true,
  'handler.notified': true,
  'handler.pending': true,
  'handler.unknown': true,
  'prompt.started': true,
  'prompt.finished': true,
  problem: true,
  warning: true,
  'run.stopping': true,
  'run.quit': true,
  'run.finished': true,
}

/**
 * The event on a line of JSON. Undefined for the cut line of a run that was killed, for a type of event that
 * this version does not know, and for anything else.
 */
export function readEvent(line: string): Event | undefined {
  let value: unknown
  try {
    value = JSON.parse(line)
  } catch {
    return undefined
  }
  return isEvent(value) ? value : undefined
}

/** gpuplay wrote the line, so the rest is as the type says. */
function isEvent(value: unknown): value is Event {
  if (typeof value !== 'object' || value === null) return false
  if (!('v' in value && value.v === 1 && 'type' in value && typeof value.type === 'string')) return false
  return Object.hasOwn(types, value.type)
}
