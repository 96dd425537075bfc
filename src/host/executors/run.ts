import { commandLine, raw, sh, type ShellText } from '../../base/shell.ts'
import type { Run } from '../action.ts'
import { revealed } from '../content.ts'
import { labelOf } from '../label.ts'
import type { ActionReply, ActionResult, ExecutionContext, MachineAccess } from '../machine.ts'
import { environmentScript } from '../queries/ask.ts'
import { runGuarded } from './guarded.ts'
import { type JobResult, runJob } from './job.ts'
import { failed, type Telling, timedOut } from './outcome.ts'

const defaultSeconds = 300
/** A job that never ends would be waited for by every later run. */
const defaultDetachedSeconds = 3600

/** Runs a program and keeps what it says; detached ones are found again after a lost connection. */
export async function run(
  action: Run,
  machine: MachineAccess,
  context: ExecutionContext,
): Promise<ActionResult> {
  const { detached, success = [0], lock } = action
  const stdin = action.stdin === undefined ? undefined : Buffer.from(revealed(action.stdin))
  const locked = lock === undefined ? {} : { lock }
  const fed = stdin === undefined ? {} : { stdin }
  const result =
    detached === undefined
      ? await runGuarded(machine, context, {
          body: program(action),
          timeout: (action.timeout ?? defaultSeconds) * 1000,
          success,
          ...fed,
          ...locked,
        })
      : await runJob(
          {
            ...detached,
            script: program(action, action.timeout ?? defaultDetachedSeconds),
            label: labelOf(action),
            success,
            ...fed,
            ...locked,
          },
          machine,
          context,
        )
  return told(action, machine, result)
}

async function told(
  action: Run,
  machine: MachineAccess,
  result: JobResult | Awaited<ReturnType<typeof runGuarded>>,
): Promise<ActionResult> {
  const { success = [0], detached } = action
  const telling: Telling = {
    failure: `cannot ${labelOf(action)}`,
    code: 'program-failed',
    ...(action.hint === undefined ? {} : { hint: action.hint }),
  }
  switch (result.kind) {
    case 'exited':
    case 'ended': {
      const { reply } = result
      if (success.includes(reply.code)) return { kind: 'done', reply }
      if (detached !== undefined && (reply.code === 124 || reply.code === 137))
        return timedOut(reply, telling)
      return failed(machine, reply, { ...telling, failure: sentence(action, reply) })
    }
    case 'timedOut':
      return timedOut(result.reply, telling)
    case 'stale':
    case 'lost':
    case 'locked':
    case 'failed':
      return result
  }
}

function sentence(action: Run, { code }: ActionReply): string {
  const program = action.argv[0] ?? ''
  if (code === 127) return `${program} is not installed on the host (cannot ${labelOf(action)})`
  return `cannot ${labelOf(action)}: it exited with ${code}`
}

/** With a limit the program is ended by `timeout` on the host itself: nobody may be connected when its time is over. */
function program({ argv, environment, directory }: Run, seconds?: number): ShellText {
  const enter = directory === undefined ? ('' as ShellText) : sh`cd -- ${directory} || exit 126`
  const limit = seconds === undefined ? ('' as ShellText) : sh`timeout -k 30 ${seconds}`
  return sh`${raw(enter)}
${raw(environmentScript(environment ?? {}))}
${raw((seconds === undefined ? 'exec' : '') as ShellText)} ${raw(limit)} ${raw(commandLine(argv))}`
}
