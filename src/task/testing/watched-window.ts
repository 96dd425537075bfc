/** A window on a fake host, with an owner that records its calls. */
import assert from 'node:assert/strict'
import { converge } from '../converge.ts'
import type { Converged, Unit } from '../unit.ts'
import { Window } from '../window.ts'
import type { WindowOwner } from '../window-host.ts'
import { FakeTaskHost } from './fake-task-host.ts'

export interface WatchedWindowOptions {
  readonly stepByStep?: boolean
  /** The answer of the owner when nothing waits any more. */
  readonly drains?: boolean
}

export interface WatchedWindow {
  readonly window: Window
  readonly host: FakeTaskHost
  /** Calls of the owner, in order. */
  readonly told: string[]
  readonly settled: Map<string, Converged>
  /** Units for which the owner continues the run elsewhere. */
  readonly moves: Set<string>
}

export function watchedWindow({
  stepByStep = false,
  drains = true,
}: WatchedWindowOptions = {}): WatchedWindow {
  const host = new FakeTaskHost()
  const told: string[] = []
  const settled = new Map<string, Converged>()
  const moves = new Set<string>()
  const owner: WindowOwner = {
    settle({ key }, converged) {
      told.push(`${key} ${converged.kind}`)
      settled.set(key, converged)
      return Promise.resolve(moves.has(key) ? 'moved' : 'next')
    },
    drained() {
      told.push('drained')
      return Promise.resolve(drains ? 'next' : 'moved')
    },
    goBackTo({ key }) {
      told.push(`back to ${key}`)
      return Promise.resolve()
    },
    acted: ({ key }, _planned, milliseconds) => void told.push(`acted ${key} ${milliseconds}`),
    sending: () => void told.push('sending'),
    onWay: ({ first, last, current }) =>
      void told.push(
        `on the way ${[first, last, ...(current ? [current] : [])].map(({ key }) => key).join(' ')}`,
      ),
  }
  return { window: new Window({ host, owner, stepByStep }), host, told, settled, moves }
}

/** Plans the units to their ends, each on the predictions of the previous ones. */
export async function plan({ window }: WatchedWindow, ...units: readonly Unit[]): Promise<void> {
  for (const unit of units) {
    const converged = await converge(unit, window)
    assert.ok(converged, 'the unit must be planned without sending')
    await window.add(unit, converged)
  }
}

/** Queues the actions of the unit without planning it to its end. */
export async function begin({ window, host }: WatchedWindow, unit: Unit): Promise<void> {
  unit.reading = await host.probe(unit, undefined)
  await window.queue(unit, unit.plan(unit.reading), unit.reading)
}
