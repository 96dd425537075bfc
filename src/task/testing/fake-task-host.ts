/**
 * A host that consists of texts by path and records requests, and units of a module that declares such a
 * text.
 */
import { hostName } from '../../base/brand.ts'
import type { Problem } from '../../base/errors.ts'
import type { Unknown } from '../../base/unknown.ts'
import type { Action } from '../../host/action.ts'
import { labelOf } from '../../host/label.ts'
import { createOverlay, type Overlay } from '../../host/overlay.ts'
import { actions, done, type Plan, refuse, settle } from '../../host/plan.ts'
import type { ResourcePattern } from '../../host/resource.ts'
import type { Module } from '../../modules/module.ts'
import type { Confirm } from '../confirmations.ts'
import { plainFailure } from '../failures.ts'
import { overlapping } from '../overlap.ts'
import { Progress, type Reading, type TaskFailure, type Unit } from '../unit.ts'
import type { ActionOutcome, SendCallbacks, ProbeOrder, Sent, TaskHost } from '../window-host.ts'
import { type UnitChanges, unitWith } from './test-units.ts'

/** Text for whose end a task waits. */
export const starting = 'starting'

const place = { name: hostName('one') }

export interface WriteArgs {
  readonly path: string
  readonly text: string
  /** Makes the plan refuse with this message. */
  readonly refuse?: string
  /** Writes with a program, which may do more than it declares. */
  readonly program?: boolean
  /** Accepts any existing text. */
  readonly once?: boolean
}

export const writeModule = {
  name: 'write',
  summary: 'Keeps a text at a path.',
  args: {
    type: 'object',
    additionalProperties: false,
    required: ['path', 'text'],
    properties: {
      path: { type: 'string', description: 'Where.' },
      text: { type: 'string', description: 'What.' },
      refuse: { type: 'string', description: 'Why not.' },
      program: { type: 'boolean', description: 'How.' },
      once: { type: 'boolean', description: 'Whether any text will do.' },
    },
  },
  result: { type: 'object', properties: { text: { type: 'string' } } },
  probe: () => Promise.reject(new Error('the fake host answers by itself')),
  plan({ path, text, refuse: why, program = false, once = false }, seen) {
    if (why !== undefined) return refuse({ code: 'no', message: why })
    if (seen === starting) return settle(`${path} is starting`, 10)
    if (seen === text || (once && seen !== undefined)) return done()
    const action = program ? put(path, text) : writeTo(path, text)
    return actions([action], { diffs: [{ title: path, before: seen ?? '', after: text }] })
  },
  report: (_args, seen) => ({ text: seen }),
} satisfies Module<WriteArgs, string | undefined>

/** Runs a program every time; its output becomes its text. */
export const sayModule = {
  name: 'say',
  summary: 'Says a text.',
  args: {
    type: 'object',
    additionalProperties: false,
    required: ['text'],
    properties: { text: { type: 'string', description: 'What.' } },
  },
  result: { type: 'object', properties: { stdout: { type: 'string' } } },
  imperative: () => true,
  probe: () => Promise.reject(new Error('the fake host answers by itself')),
  plan: ({ text }): Plan => actions([{ kind: 'run', argv: ['say', text], effects: [] }]),
  report: (_args, _seen, replies) => ({ stdout: replies.at(-1)?.stdout ?? '' }),
} satisfies Module<{ readonly text: string }, undefined>

export function writeTo(path: string, text: string): Action {
  return { kind: 'writeFile', path, content: { kind: 'text', text } }
}

function put(path: string, text: string): Action {
  const effects = [{ kind: 'unknown', resources: [`file:${path}`], why: 'a program' }] as const
  return { kind: 'run', argv: ['put', path, text], label: `put ${path}`, effects }
}

/** A unit that declares `text` at `path`. Its key is the path. */
export function wants(path: string, text: string, changes: UnitChanges = {}): Unit {
  const { ready, ...others } = changes
  return unitWith(writeModule, new Progress(), {
    key: path,
    ready: { args: { path, text }, ...ready },
    ...others,
  })
}

export class FakeTaskHost implements TaskHost {
  readonly texts = new Map<string, string>()
  /** Requests in order: `look PATH`, `hold`, `send LABEL, ...`, `release`, ... */
  readonly log: string[]
  /** Outcomes by label of the action. Each is used once; actions without one are done. */
  readonly outcomes = new Map<string, ActionOutcome[]>()
  /** Real effects by label of the action, instead of the declared ones. */
  readonly instead = new Map<string, () => void>()
  /** Errors of the next probes, by path. */
  readonly failures = new Map<string, Error[]>()
  /** Users by key of the unit. */
  readonly users = new Map<string, string>()
  /** By label of the action. */
  readonly forbidden = new Map<string, Problem>()
  /** Holds that other hosts have first. */
  waits = 0
  surprise: readonly string[] = []
  cannot: Unknown | undefined
  readonly confirm?: Confirm
  readonly #predicted = new Map<Overlay, Map<string, string>>()
  /** True if questions stay in order after actions. */
  queues = false
  #clock = 0

  constructor(log: string[] = [], confirm?: Confirm) {
    this.log = log
    if (confirm) this.confirm = confirm
  }

  userOf({ key }: Unit): string {
    return this.users.get(key) ?? ''
  }

  async probe(
    { ready, module }: Unit,
    overlay: Overlay | undefined,
    { behind }: ProbeOrder = { behind: false },
  ): Promise<Reading> {
    const path = pathOf(ready.args)
    if (behind) await new Promise(setImmediate)
    if (path === undefined) {
      this.log.push(`look for ${module.name}`)
      return { seen: undefined, touched: new Map(), rests: false }
    }
    this.log.push(`look ${path}${behind ? ' behind' : ''}`)
    const failure = this.failures.get(path)?.shift()
    if (failure) throw failure
    const predicted = overlay === undefined ? undefined : this.#predicted.get(overlay)
    const rests = predicted?.has(path) === true
    const seen = rests ? predicted?.get(path) : this.texts.get(path)
    const content = seen === undefined ? 'absent' : `sha256:${seen}`
    return { seen, touched: new Map([[`one file:${path}`, { content }]]), rests }
  }

  newOverlay(): Overlay {
    return createOverlay()
  }

  forbids(_unit: Unit, { actions }: Plan): TaskFailure | undefined {
    const [problem] = actions.flatMap((action) => this.forbidden.get(labelOf(action)) ?? [])
    return problem && plainFailure(problem)
  }

  predict(_unit: Unit, list: readonly Action[], overlay: Overlay): Promise<void> {
    this.log.push(`predict ${labels(list)}`)
    const predicted = this.#predicted.get(overlay) ?? new Map<string, string>()
    for (const action of list) apply(action, predicted)
    this.#predicted.set(overlay, predicted)
    return Promise.resolve()
  }

  mayChange(resources: readonly ResourcePattern[], why: string): void {
    this.log.push(`may change ${resources.join(', ')}: ${why}`)
  }

  whyNot(): Promise<Unknown | undefined> {
    return Promise.resolve(this.cannot)
  }

  hold(): Promise<{ readonly waited: boolean; release(): void }> {
    const waited = this.waits > 0
    if (waited) this.waits -= 1
    this.log.push('hold')
    return Promise.resolve({ waited, release: () => void this.log.push('release') })
  }

  async send(sent: readonly Sent[], { finished, onWay }: SendCallbacks): Promise<readonly ActionOutcome[]> {
    this.log.push(`send ${labels(sent.map(({ planned }) => planned.action))}`)
    // Questions after the actions are answered once the actions below are done.
    if (this.queues) onWay()
    await Promise.resolve()
    const outcomes: ActionOutcome[] = []
    for (const [index, { planned }] of sent.entries()) {
      const { action } = planned
      const label = labelOf(action)
      const outcome: ActionOutcome = outcomes.every(({ kind }) => kind === 'done')
        ? (this.outcomes.get(label)?.shift() ?? replyTo(action))
        : { kind: 'notBegun' }
      outcomes.push(outcome)
      if (outcome.kind !== 'done') continue
      const instead = this.instead.get(label)
      if (instead) instead()
      else apply(action, this.texts)
      finished(index, 5)
    }
    return outcomes
  }

  touched(list: readonly Action[], askedBehind?: Unit): void {
    this.log.push(`touched ${labels(list)}${askedBehind ? ' behind' : ''}`)
  }

  settled(): void {}

  refresh({ touched }: Reading): void {
    this.log.push(`refresh ${[...touched.keys()].join(', ')}`)
  }

  waited(): void {
    this.log.push('waited')
  }

  overlaps(list: readonly Action[], reading: Reading): boolean {
    return overlapping(list, reading, place)
  }

  surprises(): Promise<readonly string[]> {
    return Promise.resolve(this.surprise)
  }

  sleep(seconds: number): Promise<void> {
    this.log.push(`sleep ${seconds}`)
    this.#clock += seconds * 1000
    return Promise.resolve()
  }

  now(): number {
    return this.#clock
  }

  /** The actions that were sent, one line per send. */
  get sends(): readonly string[] {
    return this.log.flatMap((line) => (line.startsWith('send ') ? [line.slice('send '.length)] : []))
  }
}

function labels(list: readonly Action[]): string {
  return list.map(labelOf).join(', ')
}

function apply(action: Action, texts: Map<string, string>): void {
  if (action.kind === 'writeFile' && action.content.kind === 'text')
    texts.set(action.path, String(action.content.text))
  if (action.kind !== 'run') return
  const [program, path = '', text = ''] = action.argv
  if (program === 'put') texts.set(path, text)
}

function replyTo(action: Action): ActionOutcome {
  if (action.kind !== 'run') return { kind: 'done' }
  return { kind: 'done', reply: { code: 0, stdout: action.argv.slice(1).join(' '), stderr: '' } }
}

function pathOf(args: unknown): string | undefined {
  if (typeof args !== 'object' || args === null || !('path' in args)) return undefined
  return typeof args.path === 'string' ? args.path : undefined
}
