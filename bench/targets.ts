/** Targets, computed from measurements. Seconds, MB or counts. */

/** Multiples of the floor of the same fleet, plus seconds. */
export function convergedTarget(size: number, floor: number): number {
  if (size === 1) return floor + 0.2
  return floor * (size <= 20 ? 1.5 : 2)
}

/** One host has no target. */
export function firstTarget(size: number, floor: number): number | undefined {
  if (size === 1) return undefined
  return floor * (size <= 20 ? 3 : 4)
}

/** Processor time of the controller in a converged run, by size of the fleet. */
export const cpuTargets: Readonly<Record<number, number>> = { 1: 0.3, 20: 0.6, 100: 2, 200: 4 }

/** Memory of the controller in a converged run, by size of the fleet. */
export const memoryTargets: Readonly<Record<number, number>> = { 200: 150 }

/** With 50 ms of round trip, without start-up. */
export const distanceTargets = { first: 2, converged: 1 } as const

/** Processor time of a run of one local `debug`. */
export const debugTarget = 0.2

/** Without the opening of a connection with one shell. */
export const countTargets = {
  first: { forks: 100, waits: 12 },
  converged: { forks: 30, waits: 6 },
} as const

/** How many times faster than pyinfra, at 20 hosts. */
export const pyinfraTargets = { first: 4, converged: 5 } as const
