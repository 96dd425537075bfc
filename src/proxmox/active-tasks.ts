/** Tasks of Proxmox VE and of a Proxmox Backup Server beside it that a restart of the node would break. */
import { HostError } from '../base/errors.ts'
import { knownOr } from '../base/unknown.ts'
import type { Host } from '../host/host.ts'

/**
 * Tasks that only show something to somebody. Every other task counts, also those that later versions add:
 * backup, restore, migration, snapshot, rollback, clone, template, disks that are moved or resized, downloads.
 */
const watching = new Set(['vncproxy', 'vncshell', 'spiceproxy', 'spiceshell', 'termproxy'])

const lists = [
  { file: '/var/log/pve/tasks/active', of: '' },
  { file: '/var/log/proxmox-backup/tasks/active', of: ' of Proxmox Backup Server' },
] as const
const replicationFile = '/var/lib/pve-manager/pve-replication-state.json'

export interface ActiveTask {
  readonly type: string
  /** Of the guest, or empty. */
  readonly id: string
  readonly process: TaskProcess
}

interface TaskProcess {
  readonly pid: number
  /** Field 22 of /proc/PID/stat, in clock ticks: a pid alone may belong to another process by now. */
  readonly started: number
}

/** Sentences about the running tasks. */
export async function readRunningTasks(host: Host): Promise<readonly string[]> {
  const [texts, replication] = await Promise.all([
    Promise.all(lists.map(({ file }) => host.maybe(host.text(file)))),
    host.maybe(host.text(replicationFile)),
  ])
  const found = [
    ...lists.flatMap(({ of }, index) =>
      parseActiveTasks(knownOr(texts[index], undefined) ?? '')
        .filter(({ type }) => !watching.has(type))
        .map(({ type, id, process }) => ({
          message: `a task${of} is running: ${type}${id === '' ? '' : ` of ${id}`}`,
          process,
        })),
    ),
    ...parseReplications(knownOr(replication, undefined) ?? '{}').map(({ guest, target, process }) => ({
      message: `a task is running: replication of ${guest} to ${target}`,
      process,
    })),
  ]
  const running = await Promise.all(found.map(({ process }) => isRunning(host, process)))
  return found.filter((_, index) => running[index]).map(({ message }) => message)
}

/** The types of Proxmox's running tasks of a guest, such as `vzclone`; a clone is a task of its source. */
export async function readTasksOf(host: Host, ids: readonly string[]): Promise<readonly string[]> {
  const text = knownOr(await host.maybe(host.text(lists[0].file)), undefined)
  const tasks = parseActiveTasks(text ?? '').filter(({ type, id }) => ids.includes(id) && !watching.has(type))
  const running = await Promise.all(tasks.map(({ process }) => isRunning(host, process)))
  return tasks.filter((_, index) => running[index]).map(({ type }) => type)
}

async function isRunning(host: Host, { pid, started }: TaskProcess): Promise<boolean> {
  const stat = (await host.maybe(host.text(`/proc/${pid}/stat`))) ?? ''
  const text = knownOr(stat, '')
  // The second field, in parentheses, may itself contain spaces and parentheses (proc_pid_stat(5)).
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
  return Number(fields[19]) === started
}

/**
 * Tasks without an end in Proxmox's lists, with hexadecimal numbers: `UPID:NODE:PID:PSTART:START:TYPE:ID:USER:
 * SAVED [END] [STATUS]` (`PVE::Tools::upid_decode`, `PVE::INotify` of pve-common). Proxmox Backup Server has
 * another number before START.
 */
export function parseActiveTasks(text: string): readonly ActiveTask[] {
  return text.split('\n').flatMap((line) => {
    const [upid = '', ...rest] = line.trim().split(' ')
    const fields = upid.split(':')
    const [tag, , pid = '', started = ''] = fields
    // UPID, node, pid, pstart, start, type, id, user, and an empty field behind the last colon.
    const [type = '', id = ''] = fields.length > 9 ? fields.slice(6) : fields.slice(5)
    const ended = fields.length > 9 ? rest.length > 0 : rest.length > 1
    if (tag !== 'UPID' || ended) return []
    return [{ type, id, process: { pid: Number.parseInt(pid, 16), started: Number.parseInt(started, 16) } }]
  })
}

interface Replication {
  readonly guest: string
  readonly target: string
  readonly process: TaskProcess
}

/**
 * Out of `{"101":{"local/pve2":{"pid":1234,"ptime":567,...}}}`; a job has a pid while it runs
 * (`PVE::ReplicationState` of pve-guest-common).
 * @throws HostError for another form
 */
export function parseReplications(text: string): readonly Replication[] {
  return entries(json(text)).flatMap(([guest, jobs]) =>
    entries(jobs).flatMap(([job, state]) => {
      const values = new Map(entries(state))
      const [pid, started] = [Number(values.get('pid')), Number(values.get('ptime'))]
      if (!Number.isInteger(pid) || !Number.isInteger(started)) return []
      return [{ guest, target: job.replace(/^.*\//, ''), process: { pid, started } }]
    }),
  )
}

function json(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw new HostError({
      code: 'senseless-answer',
      message: `${replicationFile} is not JSON: ${JSON.stringify(text.slice(0, 60))}`,
    })
  }
}

function entries(value: unknown): readonly (readonly [string, unknown])[] {
  return typeof value === 'object' && value !== null ? Object.entries(value) : []
}
