/** Turns the end of a script into the result of its action. */
import { defined } from '../../base/defined.ts'
import type { Problem } from '../../base/errors.ts'
import { sh } from '../../base/shell.ts'
import { diagnose, endOfOutput, lastLines } from '../diagnose.ts'
import type { ActionReply, ActionResult, MachineAccess } from '../access.ts'
import type { GuardedResult } from './guarded.ts'

export interface Telling {
  /** The beginning of the failure message: "cannot write /etc/x". */
  readonly failure: string
  readonly code: string
  /** The program that ran, if it names itself before its own messages. */
  readonly program?: string
  readonly hint?: string
  /** The path whose file system is checked if no space was left. */
  readonly path?: string
  /** The program refused something by itself: becoming another user would not help. */
  readonly asRoot?: boolean
  /** The time limit, for the message of a timeout. */
  readonly seconds?: number
}

/** The result of an action that succeeds if its script exits with 0. */
export async function outcome(
  machine: MachineAccess,
  result: GuardedResult,
  telling: Telling,
): Promise<ActionResult> {
  switch (result.kind) {
    case 'exited':
      return result.reply.code === 0 ? { kind: 'done' } : failed(machine, result.reply, telling)
    case 'timedOut':
      return actionTimedOut(result.reply, telling)
    case 'stale':
    case 'lost':
    case 'failed':
      return result
  }
}

export async function failed(
  machine: MachineAccess,
  reply: ActionReply,
  telling: Telling,
): Promise<ActionResult> {
  const output = `${reply.stdout}\n${reply.stderr}`
  const found = diagnose(output)
  const known = found?.code === 'no-permission' && telling.asRoot === true ? undefined : found
  const said = endOfOutput(reply, telling.program)
  const space = known?.code === 'no-space' ? await spaceLeft(machine, telling.path ?? '/') : undefined
  const why = space ?? (known === undefined ? said : known.message)
  const hint = known?.hint ?? telling.hint
  const problem: Problem = {
    code: known?.code ?? telling.code,
    message: `${telling.failure}${why === '' ? '' : `: ${why}`}`,
    ...defined({ hint }),
  }
  return { kind: 'failed', problem, reply }
}

export function actionTimedOut(reply: ActionReply, telling: Telling): ActionResult {
  const last = lastLines(`${reply.stdout}\n${reply.stderr}`, 1)
  const after = telling.seconds === undefined ? '' : ` after ${telling.seconds} s`
  return {
    kind: 'failed',
    reply,
    problem: {
      code: 'timed-out',
      message: `${telling.failure}: timed out${after}; ${last === '' ? 'it printed nothing' : `last output: ${last}`}`,
      hint: telling.hint ?? 'increase `timeout`, or check on the host what the program waits for',
    },
  }
}

/** "no space left on /dev/sda1 (mounted at /var): 12 KiB free". */
async function spaceLeft(machine: MachineAccess, path: string): Promise<string | undefined> {
  const shell = await machine.shell()
  const script = sh`p=${path}; while [ ! -d "$p" ]; do p=\${p%/*}; [ -n "$p" ] || p=/; done
df -Pk -- "$p" | tail -n 1; df -Pi -- "$p" | tail -n 1`
  const reply = await shell.run(script, { timeout: 20_000, signal: machine.signal })
  if (reply.kind !== 'exited' || reply.code !== 0) return undefined
  const [blocks = '', inodes = ''] = reply.stdout.toString('utf8').split('\n')
  const [device, , , free, , ...mount] = blocks.split(/\s+/)
  const freeInodes = inodes.split(/\s+/)[3]
  if (device === undefined || free === undefined) return undefined
  const left = freeInodes === '0' ? 'no inodes' : `${free} KiB`
  return `no space left on ${device} (mounted at ${mount.join(' ')}): ${left} free`
}
