/** Kills runs at moments that follow from a seed, and runs again as a user would. */
import assert from 'node:assert/strict'
import { setTimeout as delay } from 'node:timers/promises'
import { exitCodes } from '../../../src/base/errors.ts'
import type { Event } from '../../../src/events/events.ts'
import type { LabNode } from '../../lab/host.ts'
import { sshdAnswers } from '../../lab/nodes.ts'
import type { FileSnapshot } from '../../lab/snapshot.ts'
import { eventsOf, finished } from './events.ts'
import { type Controller, type Ended, gpuplay, start } from './gpuplay.ts'

/**
 * A moment of a run, as a host's progress: a killed run leaves less work to the next one, so neither the time since the
 * start nor the number of events means the same moment in both.
 */
export interface Moment {
  readonly host: string
  /** The task that has finished last, on this host if possible; undefined at the start of the run. */
  readonly after: TaskOn | undefined
  /** Since then. */
  readonly milliseconds: number
  /** IDs of the tasks that the host finishes later: the first of them ends the moment. */
  readonly later: readonly string[]
}

interface TaskOn {
  readonly host: string
  readonly id: string
  readonly name: string
}

/** Milliseconds until a run is killed that does not end; default: that of `start`. */
interface Limit {
  readonly deadline?: number
}

/** Divides the time of an undisturbed run into equal parts, and chooses a moment of each, in their order. */
export function momentsOf(events: readonly Event[], parts: number, random: () => number): readonly Moment[] {
  const finishes = eventsOf(events, 'task.finished')
  const from = Date.parse(events[0]?.time ?? '')
  const to = Date.parse(finishes.at(-1)?.time ?? '')
  return Array.from({ length: parts }, (_, part) => {
    const time = from + ((part + random()) / parts) * (to - from)
    const done = finishes.filter((finish) => Date.parse(finish.time) <= time)
    const open = finishes.slice(done.length)
    const host = open[0]?.host ?? ''
    const last = done.findLast((finish) => finish.host === host) ?? done.at(-1)
    return {
      host,
      after: last && { host: last.host, id: last.task.id, name: last.task.name },
      milliseconds: time - (last === undefined ? from : Date.parse(last.time)),
      later: open.filter((finish) => finish.host === host).map(({ task }) => task.id),
    }
  })
}

/**
 * Kills runs of one command line, one at each moment; each continues where the one before was killed. A run that ends
 * before its moment does not count, and another one is killed instead. Returns a description of the moments.
 */
export async function killEach(
  nodes: readonly LabNode[],
  words: readonly string[],
  { moments, ...limit }: Limit & { readonly moments: readonly Moment[] },
): Promise<string> {
  const places: string[] = []
  for (const moment of moments) {
    const place = await killOne(nodes, words, { moment, ...limit })
    places.push(place)
  }
  return places.join('; ')
}

async function killOne(
  nodes: readonly LabNode[],
  words: readonly string[],
  { moment, ...limit }: Limit & { readonly moment: Moment },
): Promise<string> {
  for (let tries = 1; ; tries += 1) {
    await answer(nodes)
    const { exitCode, events, text } = await killAt(await start(words, limit), moment)
    if (exitCode === killed && finished(events) === undefined) return placeOf(moment, events)
    const may = exitCode === exitCodes.success || exitCode === exitCodes.unreachable
    const what = `a run ended with ${exitCode} before it could be killed ${placeOf(moment, events)}`
    assert.ok(may && tries < 5, `${what}:\n${text.slice(-3000)}`)
  }
}

/** 128 + SIGKILL */
const killed = 137

async function killAt(controller: Controller, moment: Moment): Promise<Ended> {
  const { host, after, milliseconds, later } = moment
  // Rejected if the run ends first.
  const seen = (wanted: (event: Event) => boolean): Promise<unknown> =>
    controller.seen('that moment', wanted).catch(() => undefined)
  const finish = (on: string, ids: readonly string[]): Promise<unknown> =>
    seen((event) => event.type === 'task.finished' && event.host === on && ids.includes(event.task.id))
  const begun = after === undefined ? seen(() => true) : finish(after.host, [after.id])
  await Promise.race([begun.then(() => delay(milliseconds)), finish(host, later)])
  controller.signal('SIGKILL')
  return controller.ended
}

function placeOf({ host, after, milliseconds }: Moment, events: readonly Event[]): string {
  const open = eventsOf(events, 'task.started').findLast((event) => event.host === host)
  const since = after === undefined ? 'the start' : `${after.host} ${after.name}`
  return `${Math.round(milliseconds)} ms after ${since} (${host} ${open?.task.name ?? 'has not started'})`
}

/** Waits for nodes that the killed run has just restarted (exit code 3: unreachable), and runs to the end. */
export async function runAgain(
  nodes: readonly LabNode[],
  words: readonly string[],
  limit: Limit = {},
): Promise<Ended> {
  for (let tries = 1; ; tries += 1) {
    await answer(nodes)
    const ended = await gpuplay(words, limit)
    if (ended.exitCode !== exitCodes.unreachable || tries === 5) return ended
  }
}

async function answer(nodes: readonly LabNode[]): Promise<void> {
  await Promise.all(nodes.map(({ spec }) => sshdAnswers(spec)))
}

/** The files of a node and its containers. */
export function ofNode(snapshot: FileSnapshot, node: string): FileSnapshot {
  return new Map([...snapshot].filter(([path]) => path.startsWith(`${node}:`) || path.startsWith(`${node} `)))
}
