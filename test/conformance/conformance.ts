/**
 * What every module owes, on a real host: looking changes nothing; what a dry run says is what is done; what it said of its effects is so; a second run
 * finds nothing to do.
 */
import assert from 'node:assert/strict'
import {
  converge,
  type Converged,
  type Host as ConvergeHost,
  type Reading,
} from '../../src/engine/converge.ts'
import type { Action } from '../../src/host/action.ts'
import { effectsHold } from '../../src/host/effects-hold.ts'
import { allEffects } from '../../src/host/effects.ts'
import { execute, expectationsOf } from '../../src/host/execute.ts'
import { labelOf } from '../../src/host/label.ts'
import type { ActionResult } from '../../src/host/machine.ts'
import { createOverlay, type Overlay } from '../../src/host/overlay.ts'
import { remotePath } from '../../src/host/paths.ts'
import { createReader } from '../../src/host/reader.ts'
import { overlaps } from '../../src/host/resource.ts'
import type { Module } from '../../src/modules/module.ts'
import { completed } from '../../src/modules/testing/converge.ts'
import type { Subject } from './subject.ts'

export interface ConformanceCase {
  readonly module: Module
  readonly says: string
  /** Shell commands that make the host as the case needs it. */
  readonly setup?: string
  readonly args: Readonly<Record<string, unknown>>
  /** `unknown`: only the run can know what comes of it. */
  readonly dry?: 'changed' | 'unknown' | 'ok'
  /** Paths (regular expressions) that change beside what the effects name: caches and logs of programs that were run. */
  readonly besides?: readonly RegExp[]
}

/** @throws AssertionError that says which of the laws does not hold. */
export async function conforms(given: ConformanceCase, subject: Subject): Promise<void> {
  const { module, dry: expected = 'changed' } = given
  if (given.setup !== undefined) await subject.prepare(given.setup)
  const args = completed(module, given.args)
  const before = await subject.snapshot()

  const dry = await go({ module, args, subject, overlay: createOverlay() })
  const looked = await subject.snapshot()
  assert.deepEqual(changedPaths(before, looked), [], 'looking and planning change nothing')
  assert.equal(dry.converged.kind, expected, `the dry run: ${why(dry.converged)}`)

  const real = await go({ module, args, subject, overlay: undefined })
  const after = await subject.snapshot()
  assert.equal(real.converged.kind, expected === 'ok' ? 'ok' : 'changed', `the run: ${why(real.converged)}`)
  if (expected === 'changed')
    assert.deepEqual(real.converged.labels, dry.converged.labels, 'what was foretold is what was done')
  assert.deepEqual(real.converged.warnings, dry.converged.warnings, 'no effect was missing')
  const strange = changedPaths(looked, after).filter(
    (path) => !foretold(path, real.actions) && !(given.besides ?? []).some((known) => known.test(path)),
  )
  assert.deepEqual(strange, [], 'nothing changes but what the effects name')

  if (module.imperative?.(args) === true) return
  const again = await go({ module, args, subject, overlay: undefined })
  assert.equal(again.converged.kind, 'ok', `the second run: ${why(again.converged)}`)
  assert.deepEqual(again.actions, [], 'a second run does nothing')
}

interface Went {
  readonly converged: Converged
  /** Carried out, in order. */
  readonly actions: readonly Action[]
}

interface Going {
  readonly module: Module
  readonly args: unknown
  readonly subject: Subject
  /** Of a dry run. */
  readonly overlay: Overlay | undefined
}

async function go({ module, args, subject, overlay }: Going): Promise<Went> {
  const { machine } = subject
  const reader = createReader({
    name: machine.name,
    shell: () => machine.shell(),
    signal: machine.signal,
    placement: { ctid: undefined, nodeName: undefined, cluster: undefined },
    controller: subject.controller,
    ...(overlay === undefined ? {} : { overlay }),
  })
  const acted: Action[] = []
  const sinceReading = new WeakMap<Reading, Action[]>()
  const host: ConvergeHost = {
    async probe() {
      const task = reader.forTask()
      const seen = await module.probe(args, task.host)
      return { seen, touched: task.touched() }
    },
    hold: () => Promise.resolve({ stale: false, release: () => undefined }),
    async act(action, reading) {
      assert.equal(overlay, undefined, 'a dry run carries nothing out')
      const earlier = sinceReading.get(reading) ?? []
      const names = { host: machine.name }
      const expectations = expectationsOf(action, names, { touched: reading.touched, before: earlier })
      const result = await execute(action, machine, { signal: machine.signal, expectations })
      acted.push(action)
      sinceReading.set(reading, [...earlier, action])
      return outcomeOf(result)
    },
    predict: (action) => overlay?.apply({ name: machine.name }, action),
    surprises: (actions) => effectsHold(actions, reader.host),
    label: labelOf,
    sleep: (seconds) => new Promise((resolve) => setTimeout(resolve, seconds * 1000)),
    now: () => Date.now(),
  }
  const converged = await converge({ module, args, check: overlay !== undefined, host, first: undefined })
  return { converged, actions: acted }
}

function outcomeOf(result: ActionResult): Awaited<ReturnType<ConvergeHost['act']>> {
  switch (result.kind) {
    case 'done':
      return { kind: 'done', reply: result.reply }
    case 'locked':
    case 'failed':
      return { kind: 'failed', problem: result.problem }
    case 'stale':
    case 'lost':
      return result
  }
}

function why(converged: Converged): string {
  switch (converged.kind) {
    case 'failed':
      return `${converged.failure.problem.message} (${converged.failure.problem.hint ?? ''})`
    case 'unreachable':
      return converged.problem.message
    case 'unknown':
      return converged.why
    case 'ok':
    case 'changed':
      return converged.labels.join('; ')
  }
}

function changedPaths(
  before: ReadonlyMap<string, string>,
  after: ReadonlyMap<string, string>,
): readonly string[] {
  const names = new Set([...before.keys(), ...after.keys()])
  return [...names]
    .filter((name) => before.get(name) !== after.get(name))
    .map((name) => name.slice(name.indexOf(':') + 1))
    .sort()
}

/** Whether an effect names the path: the file itself, a directory of it that had to be made, or what a package may bring. */
function foretold(path: string, actions: readonly Action[]): boolean {
  return actions.some((action) => {
    if (action.kind === 'setAttributes' && action.path === path) return true
    // A backup beside the file is what was asked for.
    if (
      action.kind === 'writeFile' &&
      action.backup === true &&
      path.startsWith(`${backupOf(action)}.gpuplay-`)
    )
      return true
    return allEffects(action).some((effect) => {
      if ('mayBring' in effect) return true
      if ('unknown' in effect) return effect.unknown.some((pattern) => overlaps(pattern, `file:${path}`))
      if (!('file' in effect)) return false
      const file = remotePath(effect.file)
      return file === path || file.startsWith(`${path}/`) || path.startsWith(`${file}/`)
    })
  })
}

function backupOf({ path, backupDirectory }: Extract<Action, { kind: 'writeFile' }>): string {
  return backupDirectory === undefined ? path : `${backupDirectory}/${path.slice(path.lastIndexOf('/') + 1)}`
}
