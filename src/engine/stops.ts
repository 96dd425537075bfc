/**
 * Decides when failures end the run on all hosts: `any_errors_fatal`, `max_fail_percentage`, and a batch that
 * no host has survived. An unreachable host counts as failed, a rescued failure does not.
 *
 * Containers whose node has finished the play in which too many others fail are spared: in plays with
 * `after: node` they run to their end, so that they match their node. Nobody is spared by `any_errors_fatal`.
 */
import type { HostName } from '../base/brand.ts'
import { defined } from '../base/defined.ts'
import type { Emitter } from '../events/emitter.ts'
import type { PlayPart } from './schedule.ts'
import type { Batch, SelectedPlay } from './batches.ts'

export interface Stops {
  /** True if failures have ended the run, even if some containers are spared. */
  readonly ended: boolean
  /** True if no new task of this part may start, except those of `rescue` and `always`. */
  stop(part: PlayPart<SelectedPlay>): boolean
  /** Called once for a host that has failed and takes no further part in the run. */
  hostFailed(play: SelectedPlay, batch: Batch, failure: HostFailure): void
  /** Called for a host that has finished its part in a play, and has failed nothing but a verification. */
  hostFinished(part: PlayPart<SelectedPlay>): void
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
  /** The node of a container; undefined for every other host. */
  readonly nodeOf: (host: HostName) => HostName | undefined
}

export function createStops({ emitter, failed, nodeOf }: StopsOptions): Stops {
  const failures = new Map<Batch, Set<HostName>>()
  const finished = new Map<SelectedPlay, Set<HostName>>()
  /** The play in which too many hosts have failed; `all` if nobody is spared. */
  let ended: SelectedPlay | 'all' | undefined

  const failedIn = (batch: Batch): Set<HostName> => {
    const present = failures.get(batch) ?? new Set()
    failures.set(batch, present)
    return present
  }
  /** The hosts of the batch without those that failed in an earlier play. */
  const members = (batch: Batch): number =>
    batch.hosts.filter((host) => !failed(host) || failedIn(batch).has(host)).length
  const end = (why: string, play: SelectedPlay, batch: Batch, host?: HostName): void => {
    ended = host === undefined ? play : 'all'
    const where = host === undefined ? '' : ' on all hosts'
    const message = `stopping the run${where}: ${why}${notStarted(play, batch)}`
    emitter.emit({ type: 'warning', ...defined({ host }), message })
  }

  return {
    get ended() {
      return ended !== undefined
    },
    stop({ play, host }) {
      if (ended === undefined || ended === 'all') return ended !== undefined
      const node = nodeOf(host)
      const spared = play.after === 'node' && node !== undefined && finished.get(ended)?.has(node) === true
      return !spared
    },
    hostFinished({ play, host }) {
      finished.set(play, (finished.get(play) ?? new Set()).add(host))
    },
    hostFailed(play, batch, { host, fatal }) {
      const gone = failedIn(batch).add(host)
      if (ended === 'all') return
      const { maxFailPercentage } = play.play
      if (fatal !== undefined) {
        end(`this host failed, and ${fatal} sets any_errors_fatal`, play, batch, host)
      } else if (
        ended === undefined &&
        maxFailPercentage !== undefined &&
        gone.size * 100 > maxFailPercentage * members(batch)
      ) {
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
      if (ended !== undefined || play.play.serial === undefined || gone === 0 || gone < members(batch)) return
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
