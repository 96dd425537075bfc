/** The scripts of power actions. The engine waits for the machine and reopens its shells. */
import { defined } from '../../base/defined.ts'
import { commandLine, raw, sh, type ShellText } from '../../base/shell.ts'
import {
  type ActionResult,
  defaultStateDirectory,
  type ExecutionContext,
  type MachineAccess,
} from '../access.ts'
import type { ContainerPower, Reboot } from '../action.ts'
import { labelOf } from '../label.ts'
import { owedStartFunctions, startedAgain } from '../owed-starts.ts'
import { runGuarded } from './guarded.ts'
import { failed, outcome } from './outcome.ts'

const defaultShutdownSeconds = 120

/**
 * Starts or stops a container with `pct` on its node. Succeeds if the container is already in that state.
 * Records before a shutdown that the container is to be started again (`owed-starts.ts`); a stop withdraws that.
 */
export async function containerPower(
  action: ContainerPower,
  node: MachineAccess,
  context: ExecutionContext,
): Promise<ActionResult> {
  const seconds = action.timeout ?? defaultShutdownSeconds
  const result = await runGuarded(node, context, {
    body: powerScript(action, seconds, node.stateDirectory ?? defaultStateDirectory),
    // A shutdown that fails takes twice its time limit and 5 s (pve-container 6.1); then there is the start.
    timeout: (2 * seconds + 5 + 120) * 1000,
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

/**
 * A shutdown that fails before its time limit was refused, so the container is not going down. A start that
 * fails because something else has started the container meanwhile has succeeded.
 */
function powerScript(
  { ctid, verb, force = false }: ContainerPower,
  seconds: number,
  stateDirectory: string,
): ShellText {
  const shutdown = [
    'pct',
    'shutdown',
    ctid,
    '--timeout',
    String(seconds),
    ...(force ? ['--forceStop', '1'] : []),
  ]
  return sh`id=${ctid} seconds=${seconds}
${raw(owedStartFunctions(stateDirectory))}
off() { ${raw(commandLine(shutdown))} && ${startedAgain}; }
down() {
  gp_owe "$id" "$seconds" || { echo "cannot record in $d that container $id has to be started again" >&2; exit 1; }
  since=$(date +%s)
  ${raw(commandLine(shutdown))} && return
  code=$?
  [ "$(($(date +%s) - since))" -ge "$seconds" ] || ${startedAgain}
  exit "$code"
}
up() {
  pct start "$id" || { code=$?; case $(pct status "$id") in *running*) ;; *) exit "$code";; esac; }
  ${startedAgain}
}
state=$(pct status "$id") || exit
case ${verb}:$state in
  start:*running|shutdown:*stopped) exit 0;;
  stop:*stopped) ${startedAgain};;
  stop:*) off;;
  start:*) up;;
  shutdown:*) down;;
  restart:*running) down; up;;
  restart:*) up;;
  *) echo "unexpected pct status: $state" >&2; exit 1;;
esac`
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
