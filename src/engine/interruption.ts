/** Ctrl-C: the first one lets what runs end, the second one leaves it behind. */
import type { Emitter } from '../events/emitter.ts'
import type { Awaited } from '../fleet/awaited.ts'

/** After an interruption, milliseconds until what still runs is cut off. */
const grace = 120_000

/** Aborts some time after the interruption, when tasks that were running have had their time. */
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
 * Does the work, and says at once what an interruption waits for.
 * @returns whether the work came to its end; false when the run was told to quit. The work then goes on with nobody to wait for it.
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
