/**
 * Ctrl-C: the first gives up tasks that only read so far and lets running actions finish, the second leaves
 * those behind.
 */
import type { Emitter } from '../events/emitter.ts'
import type { RunningTask } from '../events/events.ts'
import type { Awaited } from '../fleet/awaited.ts'

/** Milliseconds after an interruption until running tasks are cut off. */
const grace = 120_000

/** Aborts after the grace period that follows an interruption. */
export function cutOff(signal: AbortSignal): { readonly signal: AbortSignal; clear(): void } {
  const controller = new AbortController()
  let timer: NodeJS.Timeout | undefined
  const stopListening = onAbort(signal, () => {
    timer = setTimeout(() => controller.abort(signal.reason), grace)
  })
  return {
    signal: controller.signal,
    clear() {
      clearTimeout(timer)
      stopListening()
    },
  }
}

export interface Interruptible {
  readonly signal: AbortSignal
  readonly quit: AbortSignal | undefined
  readonly emitter: Emitter
  readonly awaited: Awaited
  /** True while something is being changed for this host: reads of it continue. */
  readonly changing: (host: string) => boolean
}

/**
 * Runs the work. Reports which tasks an interruption waits for as soon as it happens.
 * @returns true if the work finished; false if the run quit. The work then continues, and nothing waits for
 * it.
 */
export async function untilQuit(
  { signal, quit, emitter, awaited, changing }: Interruptible,
  work: () => Promise<void>,
): Promise<boolean> {
  const running = (): readonly RunningTask[] =>
    awaited
      .now()
      .flatMap(({ host, phase, task }) => (phase === 'act' || changing(host) ? [{ host, task }] : []))
  const stopListening = onAbort(signal, () => {
    const kept = running()
    emitter.emit({ type: 'run.stopping', awaited: kept })
    for (const { host, task } of awaited.now())
      if (!kept.some((one) => one.host === host)) emitter.emit({ type: 'host.interrupted', host, task })
  })
  let stopWaiting = (): void => undefined
  const left = new Promise<false>((resolve) => {
    if (quit === undefined) return
    stopWaiting = onAbort(quit, () => {
      emitter.emit({ type: 'run.quit', running: running() })
      resolve(false)
    })
  })
  const working = work().then(() => true)
  try {
    return await Promise.race([working, left])
  } finally {
    stopListening()
    stopWaiting()
    working.catch(() => undefined)
  }
}

function onAbort(signal: AbortSignal, listener: () => void): () => void {
  if (signal.aborted) listener()
  else signal.addEventListener('abort', listener, { once: true })
  return () => signal.removeEventListener('abort', listener)
}
