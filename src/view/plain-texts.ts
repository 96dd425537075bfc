/** Parts of the plain view. */
import type { Event, RunningTask } from '../events/events.ts'
import { hostsText, largestList } from './host-names.ts'
import { plainText } from './text.ts'
import type { ViewOptions } from './view.ts'

/** True if the brief form prints how a task or an item ended. */
export function worthWords(
  { outcome, detail }: Extract<Event, { readonly type: 'task.finished' | 'item.finished' }>,
  { verbosity, diff }: ViewOptions,
): boolean {
  if (outcome === 'failed' || outcome === 'unreachable' || detail.message !== undefined) return true
  if (verbosity > 0 && outcome !== 'skipped') return true
  return diff && (detail.diffs?.length ?? 0) > 0
}

/** All names of a few hosts, ranges of many. */
export function namesOf(hosts: readonly string[]): string {
  return hosts.length > largestList ? `${hostsText(hosts)} (${hosts.length})` : hosts.join(' ')
}

export function stoppingText(awaited: readonly RunningTask[], check: boolean): string {
  if (awaited.length === 0 || check) return 'Stopping. Press Ctrl-C again to quit now.'
  const shown = awaited.slice(0, 4).map(({ host, task }) => `${plainText(task.name)} on ${host}`)
  const more = awaited.length > shown.length ? `, and ${awaited.length - shown.length} more` : ''
  return `Stopping after the running tasks (${shown.join(', ')}${more}). Press Ctrl-C again to quit now; they keep running there.`
}

/** `downloading the driver, 45 %` */
export function progressText({
  message,
  done = 0,
  total = 0,
}: Extract<Event, { readonly type: 'task.progress' }>): string {
  return `${plainText(message)}${total > 0 ? `, ${Math.min(100, Math.floor((done / total) * 100))} %` : ''}`
}
