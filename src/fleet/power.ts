/**
 * Actions that take a machine down: the reboot of a host, the start and stop of a container. Shells are closed before, the machine is waited for after, and
 * guests that ran before a reboot run again afterwards.
 */
import { HostError, type Problem, UnreachableError } from '../base/errors.ts'
import { commandLine, raw, sh } from '../base/shell.ts'
import type { Action, ContainerPower, Reboot } from '../host/action.ts'
import type { ActionResult } from '../host/machine.ts'
import type { Emitter } from '../events/emitter.ts'
import type { Machine } from './machine.ts'

export interface Power {
  /** Carries an action out with what has to happen before and after it. */
  around(action: Action, target: Machine, carryOut: () => Promise<ActionResult>): Promise<ActionResult>
  /** Starts guests that an earlier, interrupted run had noted before it rebooted this node. */
  restoreGuests(machine: Machine): Promise<void>
  /** Where it is noted; there only between a reboot and the start of its guests. */
  readonly noteFile: string
}

export interface PowerOptions {
  readonly emitter: Emitter
  readonly sleep: (milliseconds: number, signal: AbortSignal) => Promise<void>
  readonly signal: AbortSignal
  /** Boot id of the machine that gpuplay runs on. */
  readonly ownBootId: () => Promise<string | undefined>
  /** Everything that was read of the machine is worthless now. */
  readonly forget: (machine: Machine) => void
}

/** Seconds; the executor has already asked for the reboot by then. */
const defaultRebootTimeout = 600
/** Seconds for a container to take a shell after its start. */
const containerTimeout = 60
/** Seconds that a booted node gets to start the guests that it starts by itself. */
const bootTimeout = 180
const noteFile = '/var/lib/gpuplay/v1/guests-before-reboot'

export function createPower(options: PowerOptions): Power {
  const { emitter, forget } = options

  const reboot = async (
    action: Reboot,
    target: Machine,
    carryOut: () => Promise<ActionResult>,
  ): Promise<ActionResult> => {
    const shell = await target.shell('read', target.privilege)
    const before = shell.greeting.bootId
    // One kernel, one boot id: gpuplay runs on that machine or in a container of it.
    if (before !== '' && before === (await options.ownBootId()))
      return { kind: 'failed', problem: ownMachine(target) }
    await noteGuests(target)
    emitter.emit({ type: 'host.waiting', host: target.name, why: `reboots: ${action.reason}` })
    const asked = await carryOut()
    if (asked.kind !== 'done' && asked.kind !== 'lost') return asked
    await target.closeShells()
    try {
      await target.reopen(
        (action.timeout ?? defaultRebootTimeout) * 1000,
        (opened) => opened.greeting.bootId !== before,
      )
    } catch (error) {
      if (!(error instanceof UnreachableError)) throw error
      return { kind: 'failed', problem: didNotComeBack(target, action, error) }
    }
    forget(target)
    await restoreGuests(target)
    return { kind: 'done' }
  }

  const power = async (
    action: ContainerPower,
    target: Machine,
    carryOut: () => Promise<ActionResult>,
  ): Promise<ActionResult> => {
    const container = target.containers.find((candidate) => candidate.placement.ctid === action.ctid)
    if (container && action.verb !== 'start') await container.closeShells()
    const result = await carryOut()
    if (container) {
      await container.closeShells()
      forget(container)
      if (result.kind === 'done' && (action.verb === 'start' || action.verb === 'restart')) {
        await container.reopen(containerTimeout * 1000)
      }
    }
    return result
  }

  const run = async (target: Machine, script: string, seconds: number): Promise<string> => {
    const shell = await target.shell('read', target.privilege)
    const reply = await shell.run(script, { timeout: seconds * 1000, signal: options.signal })
    if (reply.kind === 'exited') return reply.stdout.toString('utf8')
    throw new HostError({
      code: 'guests-unknown',
      message: `${target.name} did not answer about its guests in ${seconds} s`,
      hint: 'look at the node; run again when it answers',
    })
  }

  /** Written down on the node itself, so that a run that is killed during the reboot loses nothing. */
  const noteGuests = async (target: Machine): Promise<void> => {
    if (target.node) return
    await run(target, noteScript, 30)
  }

  const restoreGuests = async (target: Machine): Promise<void> => {
    if (target.node) return
    const left = await run(target, restoreScript, bootTimeout + 120)
    for (const line of left.split('\n').filter((text) => text.startsWith('held ')))
      emitter.emit({
        type: 'warning',
        message: `container ${line.slice('held pct '.length)} of ${target.name} is held back: its configuration names another's card since this boot; lxc_passthrough mends that and starts it`,
      })
    const failed = left.split('\n').filter((line) => line.startsWith('failed '))
    if (failed.length === 0) return
    throw new HostError({
      code: 'guests-not-started',
      message: `after the reboot of ${target.name} these guests did not start again: ${failed.map((line) => line.slice(7)).join('; ')}`,
      hint: `start them by hand (pct start, qm start) and look at their logs; then remove ${noteFile}`,
    })
  }

  return {
    async around(action, target, carryOut) {
      if (action.kind === 'reboot') return reboot(action, target, carryOut)
      if (action.kind === 'containerPower') return power(action, target, carryOut)
      return carryOut()
    },
    restoreGuests,
    noteFile,
  }
}

const noteScript = sh`command -v pct >/dev/null 2>&1 || exit 0
mkdir -p -m 0700 /var/lib/gpuplay/v1 || exit 1
{ pct list 2>/dev/null | awk '$2 == "running" { print "pct", $1 }'
  command -v qm >/dev/null 2>&1 && qm list 2>/dev/null | awk '$3 == "running" { print "qm", $1 }'
} > ${noteFile}.new && mv ${noteFile}.new ${noteFile}`

/**
 * A container that the node holds back (its configuration names another's card since this boot) is no failure here: what mends it comes later in the run,
 * and starts it. Guests with `onboot` are the node's own business: they are waited for, also while their start is only queued behind a boot that has just
 * let ssh in, and only what is still stopped then is started. Whoever starts one of them meanwhile has done it.
 */
const restoreScript = sh`[ -s ${noteFile} ] || { rm -f ${noteFile}; exit 0; }
i=0
while [ "$i" -lt ${bootTimeout} ]; do
  state=$(systemctl show -p ActiveState --value pve-guests.service 2>/dev/null)
  job=$(systemctl show -p Job --value pve-guests.service 2>/dev/null)
  case $state,$job in activating,*|*,[1-9]*) sleep 1; i=$((i + 1));; *) break;; esac
done
bad=0
while read -r tool id; do
  case $("$tool" status "$id" 2>/dev/null) in *running*) continue;; esac
  said=$("$tool" start "$id" 2>&1 </dev/null) && continue
  case $("$tool" status "$id" 2>/dev/null) in *running*) continue;; esac
  [ "$tool" = pct ] && [ -e /run/gpuplay/held/"$id" ] && { echo "held $tool $id"; continue; }
  bad=1
  echo "failed $tool $id: $(printf %s "$said" | tail -n 1)"
done < ${noteFile}
[ "$bad" = 1 ] || ${raw(commandLine(['rm', '-f', noteFile]))}`

function ownMachine(target: Machine): Problem {
  return {
    code: 'own-machine',
    message: `${target.name} is the machine that gpuplay itself runs on: the restart stays pending`,
    hint: 'restart it by hand, then run again',
  }
}

function didNotComeBack(
  target: Machine,
  action: Reboot,
  error: UnreachableError,
): { code: string; message: string; hint: string } {
  return {
    code: 'did-not-come-back',
    message: `${target.name} did not come back within ${action.timeout ?? defaultRebootTimeout} s of its reboot: ${error.problem.message}`,
    hint: 'look at its console; when it is up again, run again: what was done stays done',
  }
}
