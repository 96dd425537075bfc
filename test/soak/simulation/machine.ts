/** A machine in memory. It answers each question and carries out each step at a single moment. */
import { posix } from 'node:path'
import type { Action, Run } from '../../../src/host/action.ts'
import { revealed, sha256Of } from '../../../src/host/content.ts'
import { leaseTaken } from '../../../src/host/executors/frame-problems.ts'
import type { ActionResult } from '../../../src/host/access.ts'
import { defaultStateDirectory } from '../../../src/host/access.ts'
import { noteFile } from '../../../src/host/notes.ts'
import type { AskRequest } from '../../../src/host/queries/ask.ts'
import type { Step } from '../../../src/host/step.ts'
import { type HostName, hostName } from '../../../src/base/brand.ts'
import type { Settled } from '../../../src/host/queries/query.ts'
import { Disk } from './disk.ts'

/** A program of a machine. Returns the exit status. */
export type Program = (machine: SimulatedMachine, words: readonly string[]) => number

/** A trace of a step: the path that it changed, or `program WORDS`. */
export interface Deed {
  readonly run: number
  /** The host of the task. */
  readonly for: HostName
  readonly machine: HostName
  readonly what: string
  readonly at: number
  /** True if the run had lost the connection. */
  readonly orphaned: boolean
}

export interface MachineOptions {
  readonly name: string
  readonly node?: SimulatedMachine
  readonly programs: Readonly<Record<string, Program>>
  /** Calls `then` later, independent of connections. */
  readonly later: (milliseconds: number, then: () => void) => void
}

export class SimulatedMachine {
  readonly name: HostName
  readonly node: SimulatedMachine | undefined
  readonly disk = new Disk()
  readonly modules = new Set<string>()
  readonly later: MachineOptions['later']
  readonly #programs: Readonly<Record<string, Program>>
  /** The run that has the lease, for messages; undefined if the lease is free. */
  holder: { readonly by: string; readonly ended: AbortController } | undefined
  token = 0
  /** Unreachable until this time, in milliseconds of the clock. */
  downUntil = 0
  /** Times of changes that were not made by a connected run. */
  readonly disturbedAt: number[] = []
  /** The next step that would change something fails. */
  failNext = false

  constructor({ name, node, programs, later }: MachineOptions) {
    this.name = hostName(name)
    this.node = node
    this.later = later
    this.#programs = programs
    for (const path of ['/etc/modules-load.d', '/etc/modprobe.d', '/s'])
      this.disk.makeDirectory(path, undefined)
  }

  answer(kind: string, item: unknown): Settled<unknown> {
    const { disk } = this
    const path = typeof item === 'string' ? item : ''
    switch (kind) {
      case 'stat':
      case 'stat-follow':
        return ok(disk.status(path, kind === 'stat-follow'))
      case 'text':
      case 'hash': {
        if (disk.at(path, true)?.kind === 'directory')
          return {
            ok: false,
            problem: { code: 'read-failed', message: `cannot read ${path}: is a directory` },
          }
        const text = disk.text(path)
        if (text === undefined) return ok(undefined)
        return ok(kind === 'text' ? { text, sha256: sha256Of(text) } : sha256Of(text))
      }
      case 'list':
        if (disk.at(path, true)?.kind === 'file')
          return {
            ok: false,
            problem: { code: 'read-failed', message: `cannot list ${path}: not a directory` },
          }
        return ok(disk.list(path))
      case 'realpath':
        return ok(disk.at(path, false)?.kind === 'link' ? (disk.resolve(path, true) ?? path) : undefined)
      case 'kernelModule':
        return ok({ loaded: this.modules.has(path), version: undefined, users: 0 })
      case 'ask':
        return ok(this.#ask(item))
      default:
        throw new Error(`this machine does not answer ${kind}`)
    }
  }

  #ask(item: unknown): { readonly code: number; readonly stdout: string; readonly stderr: string } {
    if (!isAskRequest(item)) throw new Error('not a question')
    const [program = '', path = ''] = item.argv
    if (program !== 'cat') throw new Error(`this machine has no ${program} to ask`)
    const text = this.disk.text(path)
    return text === undefined
      ? { code: 1, stdout: '', stderr: `cat: ${path}: No such file or directory\n` }
      : { code: 0, stdout: text, stderr: '' }
  }

  /**
   * Carries out one step as a frame does: checks the lease and the expectations, writes notes, makes the
   * change. Calls `did` for every change.
   */
  perform(
    { action, expects, notes }: Step,
    token: number | undefined,
    did: (what: string) => void,
  ): ActionResult {
    if (token !== undefined && token !== this.token) return { kind: 'failed', problem: leaseTaken(this.name) }
    for (const [path, { content }] of expects)
      if (!this.#isAs(path, content))
        return { kind: 'stale', why: `${path} on ${this.name} was changed by something else meanwhile` }
    if (this.failNext) {
      this.failNext = false
      return failed(`cannot do it on ${this.name}: simulated failure`)
    }
    const note = (): void => {
      for (const one of notes) {
        const { path, text } = noteFile(one, defaultStateDirectory)
        this.disk.makeDirectory(posix.dirname(path), '0700')
        this.disk.write(path, `${text}\n`, '0600')
      }
    }
    if (action.kind === 'run') {
      note()
      return this.#run(action, did)
    }
    const undo = notes
      .map((one) => noteFile(one, defaultStateDirectory).path)
      .filter((path) => this.disk.text(path) === undefined)
    note()
    const why = this.#change(action, expects.get('path' in action ? action.path : '')?.status?.mode)
    if (why === undefined) {
      if ('path' in action) did(action.path)
      return { kind: 'done' }
    }
    for (const path of undo) this.disk.remove(path)
    return failed(`cannot ${action.kind} on ${this.name}: ${why}`)
  }

  #isAs(path: string, content: string): boolean {
    const { disk } = this
    if (content === 'absent') return disk.at(path, false) === undefined
    if (content === 'nothing') return disk.at(path, true) === undefined
    if (content === 'present') return disk.at(path, false) !== undefined
    const text = disk.text(path)
    return text !== undefined && content === `sha256:${sha256Of(text)}`
  }

  #change(action: Exclude<Action, Run>, seenMode: string | undefined): string | undefined {
    const { disk } = this
    switch (action.kind) {
      case 'writeFile': {
        if (action.content.kind !== 'text') throw new Error('files of the controller are not simulated')
        return disk.write(action.path, revealed(action.content.text), action.mode ?? seenMode)
      }
      case 'fetch':
        throw new Error('files of the controller are not simulated')
      case 'setAttributes':
        if (action.mode === undefined || action.mode === seenMode)
          return disk.at(action.path, true) === undefined ? 'No such file or directory' : undefined
        return disk.chmod(action.path, action.mode)
      case 'makeDirectory':
        return disk.makeDirectory(action.path, action.mode)
      case 'makeLink':
        return disk.link(action.path, action.target)
      case 'remove':
        if (action.recursive !== true && disk.at(action.path, false)?.kind === 'directory')
          return 'it is a directory'
        disk.remove(action.path)
        return undefined
      case 'download':
      case 'push':
      case 'containerPower':
      case 'reboot':
        throw new Error(`${action.kind} is not simulated`)
    }
  }

  #run({ argv, success = [0] }: Run, did: (what: string) => void): ActionResult {
    const [name = ''] = argv
    const program = this.#programs[name]
    if (program === undefined) throw new Error(`this machine has no ${name}`)
    did(`program ${argv.join(' ')}`)
    const code = program(this, argv.slice(1))
    const reply = { code, stdout: '', stderr: '' }
    if (success.includes(code)) return { kind: 'done', reply }
    return { ...failed(`${name} exited with ${code}`), reply }
  }
}

function ok(value: unknown): Settled<unknown> {
  return { ok: true, value }
}

function failed(message: string): Extract<ActionResult, { kind: 'failed' }> {
  return { kind: 'failed', problem: { code: 'write-failed', message } }
}

function isAskRequest(item: unknown): item is AskRequest {
  return typeof item === 'object' && item !== null && 'argv' in item && Array.isArray(item.argv)
}
