/** Kills runs at moments that follow from a seed, and runs again as a user would. */
import { setTimeout as delay } from 'node:timers/promises'
import { exitCodes } from '../../../src/base/errors.ts'
import type { Lab } from '../../lab/lab.ts'
import { sshdAnswers } from '../../lab/nodes.ts'
import type { FileSnapshot } from '../../lab/snapshot.ts'
import { type Controller, type Ended, gpuplay } from './gpuplay.ts'

/** A moment of a run: a number of milliseconds after a number of events. */
export interface Moment {
  readonly event: number
  readonly later: number
}

/** Moments of a run with so many events. */
export function momentsOf(events: number, times: number, random: () => number): readonly Moment[] {
  return Array.from({ length: times }, () => ({
    event: 1 + Math.floor(random() * events),
    later: Math.floor(random() * 500),
  }))
}

/**
 * Kills the run at a moment; returns a description of the moment. If the run ends earlier, its end is the
 * moment.
 */
export async function killAt(controller: Controller, { event, later }: Moment): Promise<string> {
  await Promise.race([controller.seen('that event', ({ seq }) => seq === event), controller.ended])
  await delay(later)
  controller.signal('SIGKILL')
  const { events } = await controller.ended
  const last = events.at(-1)
  const task = last !== undefined && 'task' in last ? last.task?.name : undefined
  return `after event ${last?.seq ?? 0} (${last?.type ?? 'none'}${task === undefined ? '' : ` of ${task}`})`
}

/** Waits for a node that the killed run has just restarted (exit code 3: unreachable), and runs to the end. */
export async function runAgain(lab: Lab, node: string, words: readonly string[]): Promise<Ended> {
  for (let tries = 1; ; tries++) {
    await sshdAnswers(lab.node(node).spec)
    const ended = await gpuplay(words)
    if (ended.exitCode !== exitCodes.unreachable || tries === 5) return ended
  }
}

/** The files of a node and its containers. */
export function ofNode(snapshot: FileSnapshot, node: string): FileSnapshot {
  return new Map([...snapshot].filter(([path]) => path.startsWith(`${node}:`) || path.startsWith(`${node} `)))
}
