/** Runs programs, in a frame or detached from the connection. */
import { defined, mapped } from '../../base/defined.ts'
import { commandLine, raw, sh, type ShellText } from '../../base/shell.ts'
import { printfFormat } from '../../connection/frame.ts'
import type { Run } from '../action.ts'
import { revealed } from '../content.ts'
import { failedProgram, labelOf } from '../label.ts'
import type { ActionReply, ActionResult, ExecutionContext, MachineAccess } from '../access.ts'
import { environmentScript } from '../queries/ask.ts'
import { graceSeconds } from './send-frame.ts'
import type { FrameStep } from './frame-step.ts'
import type { GuardedResult } from './guarded.ts'
import { type JobResult, readOwnLog, runJob } from './job.ts'
import { failed, type Telling, actionTimedOut } from './outcome.ts'

const defaultSeconds = 300
/** Without this limit, every later run would wait for a job that never ends. */
const defaultDetachedSeconds = 3600

/** A program that ends with its frame at the latest. */
export function programStep(action: Run, parts: Pick<FrameStep, 'expects' | 'notes'>): FrameStep {
  const seconds = Math.ceil(action.timeout ?? defaultSeconds)
  return {
    work: {
      kind: 'program',
      body: sh`${raw(environmentScript(action.environment ?? {}))}
${raw(program(action, seconds))}`,
      seconds,
      success: action.success ?? [0],
      ...standardInput(action),
    },
    expects: parts.expects,
    notes: parts.notes,
    ...defined({ lock: action.lock }),
  }
}

/** Runs a program detached from the connection, and attaches to it again after a lost connection. */
export async function runDetached(
  action: Run,
  machine: MachineAccess,
  context: ExecutionContext,
): Promise<ActionResult> {
  const { detached, success = [0], lock } = action
  if (detached === undefined) throw new Error(`not detached: ${labelOf(action)}`)
  const job = {
    ...detached,
    apart: detached.start !== undefined,
    script: program(action, Math.ceil(action.timeout ?? defaultDetachedSeconds)),
    ...defined({ beforehand: mapped(action.environment, environmentScript) }),
    label: labelOf(action),
    success,
    ...standardInput(action),
    ...defined({ lock }),
  }
  const result = await runJob(job, machine, context)
  if (result.kind === 'ended' && detached.waits !== false) await reportLogs(action, machine, context)
  return programOutcome(action, machine, result)
}

/** The record of a run can do without a log, so a failure to read it is none of the program. */
async function reportLogs(
  { detached, logs = [] }: Run,
  machine: MachineAccess,
  { log }: ExecutionContext,
): Promise<void> {
  if (log === undefined || detached === undefined) return
  for (const path of logs) {
    const text = await readOwnLog(machine, detached.name, path)
    if (text !== undefined) log(path, text)
  }
}

export async function programOutcome(
  action: Run,
  machine: MachineAccess,
  result: JobResult | GuardedResult,
): Promise<ActionResult> {
  const { success = [0], detached } = action
  const telling: Telling = {
    failure: `cannot ${labelOf(action)}`,
    code: 'program-failed',
    ...defined({ hint: action.hint, program: action.argv[0] }),
  }
  switch (result.kind) {
    case 'exited':
    case 'ended': {
      const { reply } = result
      if (success.includes(reply.code)) return { kind: 'done', reply }
      if (detached !== undefined && (reply.code === 124 || reply.code === 137))
        return actionTimedOut(reply, { ...telling, seconds: action.timeout ?? defaultDetachedSeconds })
      return failed(machine, reply, { ...telling, failure: sentence(action, reply) })
    }
    case 'timedOut':
      return actionTimedOut(result.reply, { ...telling, seconds: action.timeout ?? defaultSeconds })
    case 'stale':
    case 'lost':
    case 'failed':
      return result
  }
}

function standardInput({ stdin }: Run): { readonly stdin?: ShellText } {
  return stdin === undefined ? {} : { stdin: printfFormat(Buffer.from(revealed(stdin))) }
}

function sentence(action: Run, { code }: ActionReply): string {
  const program = action.argv[0] ?? ''
  if (code === 127) return `${program} is not installed on the host (cannot ${labelOf(action)})`
  if (action.label === undefined) return failedProgram(action.argv, code)
  return `cannot ${action.label}: ${program} failed with exit status ${code}`
}

/**
 * `timeout` ends the program on the host itself: the connection may be lost by then, and other programs of
 * the frame have their own limits.
 */
function program({ argv, directory }: Run, seconds: number): ShellText {
  const enter = directory === undefined ? sh`` : sh`cd -- ${directory} || exit 126`
  return sh`${raw(enter)}
exec timeout -k ${graceSeconds} ${seconds} ${raw(commandLine(argv))}`
}
