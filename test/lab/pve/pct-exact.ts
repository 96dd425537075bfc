/**
 * The differences between the real `pct` (pve-container 6.1.10) and the default of the stand-in. `exactPct`
 * in a node's specification makes the stand-in behave like the real one.
 */
import { appendFileSync, mkdirSync, writeFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { nodeSpec } from '../nvidia/node-spec.ts'
import { Exit, run, textOf } from '../nvidia/system.ts'

export function isExact(): boolean {
  return nodeSpec().exactPct === true
}

/** Commands that run as a task. */
const tasks = new Set(
  'start stop shutdown reboot create restore clone template destroy snapshot rollback delsnapshot'.split(' '),
)

/**
 * A task writes both of its streams to standard output of `pct` (fork_worker in PVE::RESTEnvironment); only
 * the message with which it failed is on standard error.
 */
export function asTask(command: string, id: string, work: () => number): number {
  if (!tasks.has(command)) return work()
  const listed = listTask(command, id)
  try {
    return withStreams(work)
  } finally {
    listed.end()
  }
}

const taskList = '/var/log/pve/tasks/active'

/** Tasks that run are in Proxmox's list; a clone is a task of its source. Only long ones: the others end at once. */
function listTask(command: string, id: string): { end(): void } {
  if (!/^(create|clone)$/.test(command)) return { end: () => undefined }
  const started = (textOf('/proc/self/stat') ?? '').replace(/^.*\) /s, '').split(' ')[19] ?? '0'
  const hex = (number: number): string => number.toString(16).toUpperCase().padStart(8, '0')
  const upid = `UPID:${hostname()}:${hex(process.pid)}:${hex(Number(started))}:65A00000:vz${command}:${id}:root@pam:`
  const line = `${upid} 0\n`
  mkdirSync('/var/log/pve/tasks', { recursive: true })
  appendFileSync(taskList, line)
  return { end: () => writeFileSync(taskList, (textOf(taskList) ?? '').replace(line, '')) }
}

function withStreams(work: () => number): number {
  if (!isExact()) return work()
  process.stderr.write = (text: string | Uint8Array): boolean => process.stdout.write(text)
  try {
    return work()
  } catch (error) {
    if (!(error instanceof Exit)) throw error
    const lines = error.message.split('\n')
    const last = lines.pop() ?? ''
    if (lines.length > 0) process.stdout.write(`${lines.join('\n')}\n`)
    throw new Exit(error.status, last)
  } finally {
    Reflect.deleteProperty(process.stderr, 'write')
  }
}

/**
 * The output of `pct start` if its unit failed. The unit's own output is in /run/pve/ct-CTID.stderr, which
 * only `--debug` prints, and in the journal if a command logged it (vm_start in PVE::LXC).
 */
export function unitFailure(ctid: number, systemctl: string): string {
  const command = `command 'systemctl start pve-container@${ctid}' failed: exit code 1`
  const log = isExact() ? '' : (textOf(`/run/pve/ct-${ctid}.stderr`) ?? '')
  return [systemctl, log, command]
    .map((text) => text.trimEnd())
    .filter((text) => text !== '')
    .join('\n')
}

/**
 * A shutdown that fails returns after twice its timeout and 5 s: lxc-stop waits, then Proxmox waits again for
 * the container's monitor. Measured: 15.7 s for 5, 246 s for 120.
 */
export function waitAfterFailedShutdown(timeout: number): void {
  if (isExact()) run('sleep', [String(timeout + 5)])
}
