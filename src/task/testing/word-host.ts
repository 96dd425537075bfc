/** A host whose state is a list of words, for tests of how units converge. */
import { defined } from '../../base/defined.ts'
import { hostName } from '../../base/brand.ts'
import { Unknown, UnknownError } from '../../base/unknown.ts'
import type { Action } from '../../host/action.ts'
import { createOverlay, type Overlay } from '../../host/overlay.ts'
import type { Plan } from '../../host/plan.ts'
import type { Module } from '../../modules/module.ts'
import { type Converged, Progress } from '../unit.ts'
import type { ActionOutcome, TaskHost } from '../window-host.ts'
import { settleUnit } from './one-unit.ts'
import { unitOf } from './test-units.ts'

/** A host whose state is a list of words; an action adds one. */
interface WordHost {
  readonly words: string[]
  readonly acted: string[]
  readonly predicted: Map<Overlay, string[]>
  probes: number
  frames: number
  clock: number
}

export function write(word: string): Action {
  return { kind: 'writeFile', path: `/${word}`, content: { kind: 'text', text: word } }
}

function wordOf(action: Action): string {
  return action.kind === 'writeFile' ? action.path.slice(1) : action.kind
}

export type PlanOfWords = (words: readonly string[], world: WordHost) => Plan

interface Options extends Pick<TaskHost, 'confirm'> {
  readonly check?: boolean
  readonly outcomes?: readonly ActionOutcome[]
  readonly imperative?: boolean
  readonly staleOnce?: boolean
  readonly unknownAfter?: number
  readonly silentAfter?: number
  /** Seconds. */
  readonly timeout?: number
}

function hostOf(world: WordHost, options: Options): TaskHost {
  const outcomes = [...(options.outcomes ?? [])]
  let staleLeft = options.staleOnce === true
  return {
    ...defined({ confirm: options.confirm }),
    userOf: () => '',
    newOverlay: createOverlay,
    forbids: () => undefined,
    probe(_unit, overlay) {
      world.probes += 1
      if (options.unknownAfter !== undefined && world.probes > options.unknownAfter)
        return Promise.reject(new UnknownError(new Unknown('the package will only come with the run')))
      if (options.silentAfter !== undefined && world.probes > options.silentAfter)
        return new Promise(() => undefined)
      const predicted = overlay === undefined ? [] : (world.predicted.get(overlay) ?? [])
      return Promise.resolve({
        seen: [...world.words, ...predicted],
        touched: new Map(),
        rests: predicted.length > 0,
      })
    },
    predict(_unit, planned, overlay) {
      for (const action of planned) {
        overlay.apply({ name: hostName('words') }, action)
        world.predicted.set(overlay, [...(world.predicted.get(overlay) ?? []), wordOf(action)])
      }
      return Promise.resolve()
    },
    mayChange: () => undefined,
    whyNot: () => Promise.resolve(undefined),
    hold() {
      const waited = staleLeft
      staleLeft = false
      return Promise.resolve({ waited, release: () => undefined })
    },
    send(sent, { finished }) {
      world.frames += 1
      const results: ActionOutcome[] = []
      for (const [index, { planned }] of sent.entries()) {
        const bad = results.some(({ kind }) => kind !== 'done')
        const outcome: ActionOutcome = bad ? { kind: 'notBegun' } : (outcomes.shift() ?? { kind: 'done' })
        results.push(outcome)
        if (outcome.kind !== 'done') continue
        world.words.push(wordOf(planned.action))
        world.acted.push(wordOf(planned.action))
        finished(index, 0)
      }
      return Promise.resolve(results)
    },
    settled: () => undefined,
    touched: () => undefined,
    refresh: () => undefined,
    waited: () => undefined,
    overlaps: () => false,
    surprises: () => Promise.resolve([]),
    sleep(seconds) {
      world.clock += seconds * 1000
      return Promise.resolve()
    },
    now: () => world.clock,
  }
}

/** Runs one unit to its end, like a sequence with one task. */
export async function runWords(
  planOf: PlanOfWords,
  options: Options = {},
): Promise<{ readonly result: Converged; readonly world: WordHost; readonly told: readonly string[] }> {
  const world: WordHost = { words: [], acted: [], predicted: new Map(), probes: 0, frames: 0, clock: 0 }
  const module: Module = {
    name: 'words',
    summary: 'adds words',
    args: { type: 'object' },
    result: { type: 'object' },
    imperative: () => options.imperative === true,
    probe: () => Promise.resolve([]),
    plan: (_args, seen) => planOf(seen as string[], world),
  }
  const progress = new Progress()
  const overlay = options.check === true ? createOverlay() : undefined
  const { converged, told } = await settleUnit(
    () => unitOf(module, progress, defined({ timeout: options.timeout })),
    hostOf(world, options),
    overlay,
  )
  return { result: converged, world, told }
}
