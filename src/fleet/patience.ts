/**
 * How long a machine may keep a run waiting after an interruption. Reads change nothing, so they are given up
 * at once; while something is being changed on the machine, they continue, because they decide how the change
 * ended.
 */
import { setMaxListeners } from 'node:events'

export interface Patience {
  /** Aborted when nothing here is worth waiting for any more, with the reason of the interruption. */
  readonly signal: AbortSignal
  /** True while a change is in progress. */
  readonly changing: boolean
  /**
   * Begins a change for this host, here and on its node: reads on both may decide how it ended. The returned
   * function ends it, and may be called twice.
   */
  beginChange(): () => void
}

export interface PatienceOptions {
  /** Aborted when the run starts no new actions. */
  readonly interruption: AbortSignal
  /** Aborts everything at once. */
  readonly cut: AbortSignal
  /** Set for a container. */
  readonly node: Patience | undefined
}

export function createPatience({ interruption, cut, node }: PatienceOptions): Patience {
  const controller = new AbortController()
  // Each read and each shell listens to it. Node takes more than ten listeners for a leak.
  setMaxListeners(0, controller.signal)
  const changes = new Set<object>()
  const judge = (): void => {
    if (cut.aborted) controller.abort(cut.reason)
    else if (interruption.aborted && changes.size === 0) controller.abort(interruption.reason)
  }
  for (const signal of [interruption, cut]) signal.addEventListener('abort', judge, { once: true })
  judge()
  return {
    signal: controller.signal,
    get changing() {
      return changes.size > 0
    },
    beginChange() {
      const change = {}
      changes.add(change)
      const endOnNode = node?.beginChange()
      return () => {
        endOnNode?.()
        if (changes.delete(change)) judge()
      }
    },
  }
}
