/** A node with containers in memory, for the tests of `pve_container`. */
import type { Plan } from '../../../host/plan.ts'
import { planOnce } from '../../testing/converge.ts'
import { type FakeWorld, fakeWorld } from '../../testing/fake-host.ts'
import { pveContainer } from '../module.ts'

export const archive = 'local:vztmpl/debian-12-standard_12.7-1_amd64.tar.zst'
export const zfs = 'zfspool: tank\n\tpool rpool/data\n\tcontent rootdir,images\n'
const local = 'dir: local\n\tpath /var/lib/vz\n\tcontent vztmpl,iso\n'
export const web =
  'arch: amd64\nhostname: web\nmemory: 512\nrootfs: tank:subvol-900-disk-0,size=8G\nswap: 512\nunprivileged: 1\n'
export const record = '/var/lib/gpuplay/v1/containers-being-made/900'

/** The files of a running task of Proxmox. */
export const runningTask = (type: string, ctid: number): Readonly<Record<string, string>> => ({
  '/var/log/pve/tasks/active': `UPID:pve1:00000007:00000063:65A00000:${type}:${ctid}:root@pam: 0\n`,
  '/proc/7/stat': `7 (task) ${'0 '.repeat(19)}99 0\n`,
})

interface ContainerWorld {
  readonly config?: string
  readonly running?: boolean
  /** Other containers of the node. */
  readonly others?: Readonly<Record<string, string>>
  readonly files?: Readonly<Record<string, string>>
}

/** Container 900, and others. The storage `tank` has snapshots and clones. */
export function world({ config, running = false, others = {}, files = {} }: ContainerWorld = {}): FakeWorld {
  const made = fakeWorld({
    '/etc/pve/storage.cfg': `${local}\n${zfs}`,
    '/var/lib/vz/template/cache/debian-12-standard_12.7-1_amd64.tar.zst': 'an archive',
    ...files,
  })
  const status = running ? 'running' : 'stopped'
  if (config !== undefined) made.containers.set('900', { status, config, pid: running ? 7 : undefined })
  for (const [ctid, text] of Object.entries(others))
    made.containers.set(ctid, { status: 'stopped', config: text, pid: undefined })
  return made
}

/** Plans for container 900, `web`. */
export const look = (given: Readonly<Record<string, unknown>>, of: FakeWorld): Promise<Plan> =>
  planOnce(pveContainer, { ctid: 900, hostname: 'web', ...given }, of)

export const labels = ({ actions }: Plan): readonly (string | undefined)[] =>
  actions.map((action) => action.label ?? ('verb' in action ? action.verb : action.kind))

/** The script of an action. */
export function scriptOf({ actions }: Plan, index = 0): string {
  const action = actions[index]
  if (action?.kind !== 'run') throw new Error(`action ${index} runs no program`)
  return action.argv.at(-1) ?? ''
}
