/** Ctrl-C: the first lets running tasks finish, the second leaves them behind. */
import type { Emitter } from '../events/emitter.ts'
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
}

/**
 * Runs the work. Reports which tasks an interruption waits for as soon as it happens.
 * @returns true if the work finished; false if the run quit. The work then continues, and nothing waits for
 * it.
 */
export async function untilQuit(
  { signal, quit, emitter, awaited }: Interruptible,
  work: () => Promise<void>,
): Promise<boolean> {
  const stopListening = onAbort(signal, () => emitter.emit({ type: 'run.stopping', awaited: awaited.now() }))
  let stopWaiting = (): void => undefined
  const left = new Promise<false>((resolve) => {
    if (quit === undefined) return
    stopWaiting = onAbort(quit, () => {
      emitter.emit({ type: 'run.quit', running: awaited.now() })
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
