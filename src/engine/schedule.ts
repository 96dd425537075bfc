/**
 * Decides when each host may start each play.
 *
 * Plays are barriers, unless a play sets `after: node`: then a container starts once its own node has
 * finished every earlier play, handlers included. If a node and its container both take part in a play, the
 * container starts after the last handler of the node. A node outside the play is not waited for. A node that
 * has failed fails its containers, unless it only failed a verification. A waiting host holds no fork.
 *
 * A clone waits for its source as a container waits for its node, unless the source is in a later batch. A failed
 * source does not fail it. It may exist already.
 *
 * A batch of a play (`serial`) starts when all hosts of the batch before it have finished the play.
 */
import type { HostName } from '../base/brand.ts'
import { type Away, createPlaces } from '../base/limit.ts'
import type { Batch } from './batches.ts'

export interface ScheduledPlay {
  readonly after: 'node' | undefined
  readonly hosts: readonly HostName[]
  /** All hosts, in order. No container is in an earlier batch than its node. */
  readonly batches: readonly Batch[]
}

/** The part of one host in a play. */
export interface PlayPart<P> {
  readonly play: P
  readonly batch: Batch
  readonly host: HostName
}

export interface ScheduleOptions<P extends ScheduledPlay> {
  readonly plays: readonly P[]
  /** The node of a container; undefined for every other host. */
  readonly nodeOf: (host: HostName) => HostName | undefined
  /** The container that a container is a clone of. There are no circles. */
  readonly sourceOf: (host: HostName) => HostName | undefined
  /** Maximum number of hosts that run at the same time. */
  readonly forks: number
  /**
   * Runs the play on one host, handlers included. Rejects only for a broken invariant. `away` waits without
   * the fork of the host.
   */
  readonly run: (part: PlayPart<P>, away: Away) => Promise<void>
  /** Whether the host has failed and takes no further part in the run. */
  readonly failed: (host: HostName) => boolean
  /** Whether the node has failed in a way that fails its containers. */
  readonly lost: (node: HostName) => boolean
  /** Called instead of `run` for a container whose node has failed. */
  readonly nodeFailed: (part: PlayPart<P>, node: HostName) => void
  readonly started: (play: P) => void
  readonly finished: (play: P) => void
  /** Called before the first host of a batch runs, and after the last one has ended. */
  readonly batchStarted: (play: P, batch: Batch) => void
  readonly batchFinished: (play: P, batch: Batch) => void
  /** True if the host may not start its part in a play. */
  readonly stopped: (part: PlayPart<P>) => boolean
}

export async function schedule<P extends ScheduledPlay>(options: ScheduleOptions<P>): Promise<void> {
  const { plays, nodeOf, sourceOf, failed } = options
  const forks = createPlaces(options.forks)
  const progress = new Progress(plays)
  const started = new Set<P | Batch>()

  const runOne = async (part: PlayPart<P>, index: number, batchBefore: Promise<void>): Promise<void> => {
    const { play, batch, host } = part
    const [node, source] = [nodeOf(host), sourceOf(host)]
    const awaited = [node, source].filter((other) => other !== undefined)
    if (play.after === 'node' && node !== undefined) {
      await Promise.all([host, ...awaited].map((other) => progress.hostBefore(other, index)))
    } else {
      await progress.allBefore(index)
    }
    await batchBefore
    if (node !== undefined) await progress.host(node, index)
    const isLater = play.batches.some(
      ({ number, hosts }) => number > batch.number && hosts.some((other) => other === source),
    )
    if (source !== undefined && !isLater) await progress.host(source, index)
    if (options.stopped(part) || failed(host)) return
    if (!started.has(play)) {
      started.add(play)
      options.started(play)
    }
    if (!started.has(batch)) {
      started.add(batch)
      options.batchStarted(play, batch)
    }
    if (node !== undefined && options.lost(node)) {
      options.nodeFailed(part, node)
      return
    }
    await forks(async (away) => {
      if (!options.stopped(part)) await options.run(part, away)
    })
  }

  await Promise.all(
    plays.map(async (play, index) => {
      let before = Promise.resolve()
      for (const batch of play.batches) {
        const earlier = before
        const running = batch.hosts.map((host) =>
          progress.record(host, index, runOne({ play, batch, host }, index, earlier)),
        )
        before = Promise.all(running).then(() => {
          if (started.has(batch)) options.batchFinished(play, batch)
        })
      }
      await before
      progress.closePlay(index)
      if (started.has(play)) options.finished(play)
    }),
  )
}

/** Records which hosts have finished which plays. */
class Progress {
  readonly #hosts = new Map<string, Promise<void>>()
  readonly #plays: readonly { readonly done: Promise<void>; readonly resolve: () => void }[]
  readonly #members: readonly ReadonlySet<HostName>[]
  readonly #open = new Map<string, () => void>()

  constructor(plays: readonly ScheduledPlay[]) {
    this.#plays = plays.map(() => deferred())
    this.#members = plays.map((play) => new Set(play.hosts))
    plays.forEach((play, index) => {
      for (const host of play.hosts) {
        const { done, resolve } = deferred()
        this.#hosts.set(key(host, index), done)
        this.#open.set(key(host, index), resolve)
      }
    })
  }

  async record(host: HostName, index: number, work: Promise<void>): Promise<void> {
    try {
      await work
    } finally {
      this.#open.get(key(host, index))?.()
    }
  }

  closePlay(index: number): void {
    this.#plays[index]?.resolve()
  }

  /** Resolves once the host has finished this play; at once for a host outside it. */
  async host(host: HostName, index: number): Promise<void> {
    await this.#hosts.get(key(host, index))
  }

  async hostBefore(host: HostName, index: number): Promise<void> {
    for (let earlier = 0; earlier < index; earlier += 1) {
      if (this.#members[earlier]?.has(host) === true) await this.host(host, earlier)
    }
  }

  async allBefore(index: number): Promise<void> {
    await Promise.all(this.#plays.slice(0, index).map((play) => play.done))
  }
}

function key(host: HostName, index: number): string {
  return `${index} ${host}`
}

function deferred(): { readonly done: Promise<void>; readonly resolve: () => void } {
  let resolve = (): void => undefined
  const done = new Promise<void>((settle) => {
    resolve = settle
  })
  return { done, resolve }
}
