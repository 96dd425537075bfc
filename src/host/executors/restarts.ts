/** The scripts of power actions. The engine waits for the machine and reopens its shells. */
import { defined } from '../../base/defined.ts'
import { sh, type ShellText } from '../../base/shell.ts'
import type { ContainerPower, Reboot } from '../action.ts'
import { labelOf } from '../label.ts'
import type { ActionResult, ExecutionContext, MachineAccess } from '../access.ts'
import { runGuarded } from './guarded.ts'
import { failed, outcome } from './outcome.ts'

const defaultShutdownSeconds = 60

/** Starts or stops a container with `pct` on its node. Succeeds if the container is already in that state. */
export async function containerPower(
  action: ContainerPower,
  node: MachineAccess,
  context: ExecutionContext,
): Promise<ActionResult> {
  const seconds = action.timeout ?? defaultShutdownSeconds
  const result = await runGuarded(node, context, {
    body: powerScript(action, seconds),
    timeout: (seconds + 120) * 1000,
    ...defined({ lock: action.lock }),
  })
  const starts = action.verb === 'start' || action.verb === 'restart'
  const telling = {
    failure: `cannot ${labelOf(action)}`,
    code: 'container-power-failed',
    path: '/',
    asRoot: true,
    ...defined({
      hint: starts
        ? `to see LXC's own messages, run on the node: pct start ${action.ctid} --debug`
        : undefined,
    }),
  }
  // Keeps the output of pct even on success: it prints warnings with status 0.
  if (result.kind === 'exited' && result.reply.code === 0) return { kind: 'done', reply: result.reply }
  if (result.kind === 'exited') return failed(node, result.reply, telling)
  return outcome(node, result, telling)
}

function powerScript({ ctid, verb }: ContainerPower, seconds: number): ShellText {
  return sh`id=${ctid} seconds=${seconds}
state=$(pct status "$id") || exit
case ${verb}:$state in
  start:*running|stop:*stopped|shutdown:*stopped) exit 0;;
  start:*) exec pct start "$id";;
  stop:*) exec pct stop "$id";;
  shutdown:*) exec pct shutdown "$id" --timeout "$seconds";;
  restart:*running) pct shutdown "$id" --timeout "$seconds" || exit; exec pct start "$id";;
  restart:*) exec pct start "$id";;
esac
echo "unexpected pct status: $state" >&2; exit 1`
}

/** Schedules the reboot a second from now, in its own session, so that this script can still answer. */
export async function rebootMachine(
  action: Reboot,
  machine: MachineAccess,
  context: ExecutionContext,
): Promise<ActionResult> {
  const body = sh`command -v systemctl >/dev/null || command -v reboot >/dev/null || { echo "the host has neither systemctl nor reboot" >&2; exit 127; }
sync
setsid sh -c 'sleep 1; systemctl reboot || reboot' </dev/null >/dev/null 2>&1 3>&- 4>&- 5>&- 6>&- 7>&- 8>&- 9>&- &
exit 0`
  const result = await runGuarded(machine, context, { body, timeout: 60_000 })
  return outcome(machine, result, { failure: `cannot ${labelOf(action)}`, code: 'reboot-failed' })
}
