/**
 * A frame: steps for one machine that travel as one script, run in order, and stop at the first failure.
 *
 * Results are sent with `gp_say`, separate from the output of programs. The output of a program is between
 * its mark and the next. A step that began and has no result is never a success.
 */
import { randomUUID } from 'node:crypto'
import { raw, sh, type ShellText } from '../../base/shell.ts'
import type { ShellReply } from '../../connection/connection.ts'
import { defaultStateDirectory, type ActionReply, type ActionResult, type MachineAccess } from '../access.ts'
import type { WindowContext } from '../step.ts'
import { filesHelper, frameHelper } from './frame-helpers.ts'
import { type FrameStep, joined, stepScript, summable } from './frame-step.ts'
import { outputsOf } from './frame-output.ts'
import { leaseVariable } from '../state.ts'
import { leaseTaken, lockHeld, noteNotWritten } from './frame-problems.ts'

export type FrameResult =
  | { readonly kind: 'exited'; readonly reply: ActionReply }
  | { readonly kind: 'timedOut'; readonly reply: ActionReply }
  | { readonly kind: 'notBegun' }
  | Extract<ActionResult, { kind: 'stale' | 'lost' | 'failed' }>

export interface SendFrameOptions extends Pick<WindowContext, 'signal' | 'lease' | 'nonce'> {
  /** Milliseconds for the whole frame, including the wait for locks. */
  readonly timeout: number
  /** Called when the frame has been written to the shell. */
  readonly onWay?: (() => void) | undefined
  /** Called when a step has succeeded. */
  readonly done?: (index: number) => void
}

/** The minimum time of a frame, and the time that each step of files adds, in milliseconds. */
const fileTimeout = { first: 60_000, each: 2000 } as const
/** Seconds between the time limit of a program and its kill. */
export const graceSeconds = 10

/**
 * Sends steps to a machine as one script, and waits for all of them.
 * @throws UnreachableError if no shell can be opened; the reason of `MachineAccess.signal` if that aborts
 */
export async function sendFrame(
  steps: readonly FrameStep[],
  machine: MachineAccess,
  options: SendFrameOptions,
): Promise<readonly FrameResult[]> {
  const nonce = freshNonce(options)
  const shell = await machine.shell()
  const said = new Verdicts((index, code) => {
    if (succeeded(steps[index], code)) options.done?.(index)
  })
  const stop = (): void => void stopFrame(machine, said.process)
  if (steps.length > 1) options.signal.addEventListener('abort', stop, { once: true })
  try {
    const replied = shell.run(frameScript(steps, machine, { nonce, lease: options.lease }), {
      timeout: options.timeout,
      signal: machine.signal,
      limit: outputLimit(steps),
      light: steps.every(({ work }) => work.kind === 'files' && work.validates !== true),
      helpers: [frameHelper, filesHelper],
      onSay: (text) => said.hear(text),
    })
    options.onWay?.()
    return resultsOf(steps, machine, { said, reply: await replied, nonce })
  } finally {
    options.signal.removeEventListener('abort', stop)
  }
}

/** Returns 32 new hex digits. */
export function freshNonce({ nonce }: Pick<WindowContext, 'nonce'>): string {
  return nonce?.() ?? randomUUID().replaceAll('-', '')
}

/** The time of a frame in milliseconds. Programs and locks add their own limits. */
export function frameTimeout(steps: readonly FrameStep[], programs = 0): number {
  const locks = steps.reduce((sum, { lock }) => sum + (lock?.timeout ?? 0) * 1000, 0)
  const limits = steps.reduce(
    (sum, { work }) =>
      sum + (work.kind === 'program' ? ((work.seconds ?? -graceSeconds) + graceSeconds) * 1000 : 0),
    0,
  )
  return fileTimeout.first + fileTimeout.each * steps.length + locks + limits + programs
}

/** The limit of each stream in bytes. Each step's output is cut to its own limit later. */
function outputLimit(steps: readonly FrameStep[]): number {
  const programs = steps.filter(({ work }) => work.kind === 'program').length
  return Math.min(4 + 8 * programs, 64) * 1024 * 1024
}

function frameScript(
  steps: readonly FrameStep[],
  machine: MachineAccess,
  { nonce, lease }: { readonly nonce: string; readonly lease: WindowContext['lease'] },
): ShellText {
  const stateDirectory = machine.stateDirectory ?? defaultStateDirectory
  const token = lease?.(machine.name)
  let summed: ReadonlySet<string> = new Set()
  const lines = steps.flatMap((step, index) => {
    const before = steps[index - 1]
    const startsRow =
      before === undefined ||
      before.work.kind === 'program' ||
      before.lock !== undefined ||
      step.lock !== undefined
    if (startsRow) summed = summable(steps.slice(index))
    const sums = startsRow && summed.size > 0 ? [sumsCall(summed)] : []
    return [...sums, stepScript(step, { index, stateDirectory, token, summed })]
  })
  return sh`LC_ALL=C.UTF-8; export LC_ALL; umask 022
gp_start ${nonce}
${raw(leaseVariable)}=${stateDirectory}; export ${raw(leaseVariable)}
${raw(joined(lines))}
gp_flush`
}

function sumsCall(paths: ReadonlySet<string>): ShellText {
  const words = [...paths].map((path) => sh`${path}`)
  return words.reduce<ShellText>((before, word) => sh`${raw(before)} ${raw(word)}`, sh`gp_sums`)
}

function succeeded(step: FrameStep | undefined, code: number): boolean {
  if (step === undefined) return false
  return step.work.kind === 'program' ? step.work.success.includes(code) : code === 0
}

interface Verdict {
  readonly word: string
  readonly detail: string
}

/** The verdicts that the host has reported. */
class Verdicts {
  /** The frame's process on the host. */
  process: string | undefined
  /** The last step that began; -1 before the first. */
  current = -1
  readonly #verdicts = new Map<number, Verdict>()
  readonly #ended: (index: number, code: number) => void

  constructor(ended: (index: number, code: number) => void) {
    this.#ended = ended
  }

  hear(text: string): void {
    const match = /^(\w+) (\d+) ?([^]*)$/.exec(text)
    if (match === null) return
    const [, word = '', number = '', detail = ''] = match
    const index = Number(number)
    if (word === 'pid') this.process = number
    else if (word === 'begin') this.current = index
    else if (word !== 'stop') {
      this.#verdicts.set(index, { word, detail })
      if (word === 'exit') this.#ended(index, Number(detail))
    }
  }

  of(index: number): Verdict | undefined {
    return this.#verdicts.get(index)
  }
}

function resultsOf(
  steps: readonly FrameStep[],
  machine: MachineAccess,
  { said, reply, nonce }: { readonly said: Verdicts; readonly reply: ShellReply; readonly nonce: string },
): readonly FrameResult[] {
  const outputs = reply.kind === 'lost' ? undefined : outputsOf(reply, nonce)
  return steps.map((step, index) => {
    const output = outputs?.(index) ?? { stdout: '', stderr: '' }
    const verdict = said.of(index)
    if (verdict !== undefined) return resultOf(verdict, output, { step, machine })
    // After a lost connection nobody knows what the host still does.
    if (reply.kind === 'lost') return { kind: 'lost', why: reply.why }
    if (index > said.current) return { kind: 'notBegun' }
    if (reply.kind === 'timedOut' && index === said.current)
      return { kind: 'timedOut', reply: { code: 124, ...output } }
    const code = reply.kind === 'exited' ? reply.code : 0
    if (index === said.current && code > 0 && code < 128)
      return { kind: 'exited', reply: { code, ...output } }
    return {
      kind: 'lost',
      why: `the script on ${machine.name} ended without reporting the result of this step`,
    }
  })
}

function resultOf(
  { word, detail }: Verdict,
  output: Omit<ActionReply, 'code'>,
  { step, machine }: { readonly step: FrameStep; readonly machine: MachineAccess },
): FrameResult {
  switch (word) {
    case 'exit':
      return { kind: 'exited', reply: { code: Number(detail), ...output } }
    case 'timeout':
      return { kind: 'timedOut', reply: { code: 124, ...output } }
    case 'stale':
      return { kind: 'stale', why: `${detail} on ${machine.name} was changed by something else meanwhile` }
    case 'locked':
      return { kind: 'failed', problem: lockHeld(step.lock, detail) }
    case 'lease':
      return { kind: 'failed', problem: leaseTaken(machine.name) }
    case 'note':
      return { kind: 'failed', problem: noteNotWritten(machine.name, output.stderr) }
    default:
      return { kind: 'lost', why: `${machine.name} reported an unknown result for this step: ${word}` }
  }
}

/** Asks the frame not to begin another step. Best effort: the connection itself may be lost. */
async function stopFrame(machine: MachineAccess, process: string | undefined): Promise<void> {
  if (process === undefined) return
  try {
    const channel = await machine.open(sh`exec /bin/sh -c ${sh`kill -USR1 ${process}`}`, machine.signal)
    for (const stream of [channel.stdout, channel.stderr]) stream.on('error', () => undefined).resume()
    channel.stdin.on('error', () => undefined).end()
    await channel.ended
  } catch {
    // The frame then runs to its end.
  }
}
