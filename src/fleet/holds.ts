/**
 * Locks on resources within one run.
 *
 * A task holds the resources of its actions from one probe to the next, so that no task plans on something
 * that another task of the run is changing. An action that takes a machine down holds the machine
 * exclusively; every other action there holds it shared.
 */
export interface Hold {
  /** True if others held a resource first. Earlier answers may then be out of date. */
  readonly waited: boolean
  release(): void
}

export interface Claim {
  readonly key: string
  readonly mode: 'shared' | 'exclusive'
}

export interface Holds {
  /**
   * Waits until all claims can be granted at once, which avoids deadlocks. Serves each key first come, first
   * served.
   */
  acquire(claims: readonly Claim[], signal: AbortSignal): Promise<Hold>
}

interface Waiter {
  readonly claims: readonly Claim[]
  grant(): void
}

export function createHolds(): Holds {
  const shared = new Map<string, number>()
  const exclusive = new Set<string>()
  const waiters: Waiter[] = []

  const free = (claims: readonly Claim[], blocked: ReadonlySet<string>): boolean =>
    claims.every(
      ({ key, mode }) =>
        !blocked.has(key) && !exclusive.has(key) && (mode === 'shared' || (shared.get(key) ?? 0) === 0),
    )
  const take = (claims: readonly Claim[]): void => {
    for (const { key, mode } of claims) {
      if (mode === 'exclusive') exclusive.add(key)
      else shared.set(key, (shared.get(key) ?? 0) + 1)
    }
  }
  const give = (claims: readonly Claim[]): void => {
    for (const { key, mode } of claims) {
      if (mode === 'exclusive') exclusive.delete(key)
      else shared.set(key, (shared.get(key) ?? 1) - 1)
    }
    const blocked = new Set<string>()
    for (const waiter of waiters.splice(0)) {
      if (free(waiter.claims, blocked)) {
        take(waiter.claims)
        waiter.grant()
      } else {
        waiters.push(waiter)
        for (const claim of waiter.claims) if (claim.mode === 'exclusive') blocked.add(claim.key)
      }
    }
  }
  const once = (claims: readonly Claim[], waited: boolean): Hold => {
    let held = true
    return {
      waited,
      release() {
        if (!held) return
        held = false
        give(claims)
      },
    }
  }

  return {
    async acquire(wanted, signal) {
      signal.throwIfAborted()
      const claims = strongest(wanted)
      const waitedFor = new Set(waiters.flatMap((waiter) => waiter.claims.map((claim) => claim.key)))
      if (free(claims, waitedFor)) {
        take(claims)
        return once(claims, false)
      }
      return new Promise<Hold>((resolve, reject) => {
        const onAbort = (): void => {
          const index = waiters.indexOf(waiter)
          if (index >= 0) waiters.splice(index, 1)
          reject(signal.reason)
        }
        const waiter: Waiter = {
          claims,
          grant() {
            signal.removeEventListener('abort', onAbort)
            resolve(once(claims, true))
          },
        }
        waiters.push(waiter)
        signal.addEventListener('abort', onAbort, { once: true })
      })
    },
  }
}

/** Reduces the claims to one per key; exclusive wins over shared. */
function strongest(claims: readonly Claim[]): readonly Claim[] {
  const byKey = new Map<string, Claim>()
  for (const claim of claims) {
    if (claim.mode === 'exclusive' || !byKey.has(claim.key)) byKey.set(claim.key, claim)
  }
  return [...byKey.values()]
}
