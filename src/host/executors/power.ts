/** The part of power actions that is a script; waiting for what comes back and opening shells again is the engine's. */
import { sh, type ShellText } from '../../base/shell.ts'
import type { ContainerPower, Reboot } from '../action.ts'
import { labelOf } from '../label.ts'
import type { ActionResult, ExecutionContext, MachineAccess } from '../access.ts'
import { runGuarded } from './guarded.ts'
import { failed, outcome } from './outcome.ts'

const defaultShutdownSeconds = 60

/** Starts or stops a container by `pct` on its node. What it already is, it stays: that is success. */
export async function containerPower(
  action: ContainerPower,
  node: MachineAccess,
  context: ExecutionContext,
): Promise<ActionResult> {
  const seconds = action.timeout ?? defaultShutdownSeconds
  const result = await runGuarded(node, context, {
    body: powerScript(action, seconds),
    timeout: (seconds + 120) * 1000,
    ...(action.lock === undefined ? {} : { lock: action.lock }),
  })
  const telling = { failure: `cannot ${labelOf(action)}`, code: 'container-power-failed', path: '/' }
  // What pct says is worth keeping even when it went well: warnings come with status 0.
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

/** Sets the reboot off a second from now, in a session of its own, so that this script can still answer. */
export async function reboot(
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
