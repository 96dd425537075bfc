/**
 * Decides when failures end the run on all hosts: `any_errors_fatal`, `max_fail_percentage`, and a batch that
 * no host has survived. An unreachable host counts as failed, a rescued failure does not.
 */
import type { HostName } from '../base/brand.ts'
import type { Emitter } from '../events/emitter.ts'
import type { Batch, SelectedPlay } from './selection.ts'

export interface Stops {
  /** True if no new tasks may start, except those of `rescue` and `always`. */
  readonly ended: boolean
  /** Called once for a host that has failed and takes no further part in the run. */
  hostFailed(play: SelectedPlay, batch: Batch, failure: HostFailure): void
  batchFinished(play: SelectedPlay, batch: Batch): void
}

export interface HostFailure {
  readonly host: HostName
  /** What sets `any_errors_fatal`; undefined if nothing does. */
  readonly fatal: string | undefined
}

export interface StopsOptions {
  readonly emitter: Emitter
  /** Whether the host has failed, in this play or an earlier one. */
  readonly failed: (host: HostName) => boolean
}

export function createStops({ emitter, failed }: StopsOptions): Stops {
  const failures = new Map<Batch, Set<HostName>>()
  let ended = false

  const failedIn = (batch: Batch): Set<HostName> => {
    const present = failures.get(batch) ?? new Set()
    failures.set(batch, present)
    return present
  }
  /** The hosts of the batch without those that failed in an earlier play. */
  const members = (batch: Batch): number =>
    batch.hosts.filter((host) => !failed(host) || failedIn(batch).has(host)).length
  const end = (why: string, play: SelectedPlay, batch: Batch, host?: HostName): void => {
    ended = true
    const message = `stopping the run on all hosts: ${why}${notStarted(play, batch)}`
    emitter.emit(host === undefined ? { type: 'warning', message } : { type: 'warning', host, message })
  }

  return {
    get ended() {
      return ended
    },
    hostFailed(play, batch, { host, fatal }) {
      const gone = failedIn(batch).add(host)
      if (ended) return
      const { maxFailPercentage } = play.play
      if (fatal !== undefined) {
        end(`this host failed, and ${fatal} sets any_errors_fatal`, play, batch, host)
      } else if (maxFailPercentage !== undefined && gone.size * 100 > maxFailPercentage * members(batch)) {
        const which = batch.of === 1 ? `play "${play.name}"` : `batch ${batch.number} of ${batch.of}`
        end(
          `${gone.size} of ${members(batch)} hosts of ${which} failed, more than the ${maxFailPercentage}% of max_fail_percentage`,
          play,
          batch,
        )
      }
    },
    batchFinished(play, batch) {
      const gone = failedIn(batch).size
      if (ended || play.play.serial === undefined || gone === 0 || gone < members(batch)) return
      const all = gone === 1 ? 'the only host' : `all ${gone} hosts`
      end(`${all} of batch ${batch.number} of ${batch.of} failed`, play, batch)
    },
  }
}

/** Names the hosts of later batches, which the run leaves as they are. */
function notStarted({ batches }: SelectedPlay, { number }: Batch): string {
  const hosts = batches.slice(number).flatMap((batch) => batch.hosts)
  if (hosts.length === 0) return ''
  const shown = hosts.slice(0, 8).join(', ')
  return `; not started: ${shown}${hosts.length > 8 ? ` and ${hosts.length - 8} more` : ''}`
}
