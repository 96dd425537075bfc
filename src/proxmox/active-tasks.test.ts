import assert from 'node:assert/strict'
import { test } from 'node:test'
import { gpuHost } from '../nvidia/testing/gpu-host.ts'
import { parseReplications, readRunningTasks } from './active-tasks.ts'
import { processStat } from './testing/process-stat.ts'

const pid = 0x1267
const started = 0xabcd
const running = { [`/proc/${pid}/stat`]: processStat(started) }

function tasks(files: Readonly<Record<string, string>>): Promise<readonly string[]> {
  return readRunningTasks(gpuHost({ files: { ...running, ...files } }))
}

function pve(type: string, rest = '0'): string {
  return `UPID:pve1:00001267:0000ABCD:68F0AAAA:${type}:101:root@pam: ${rest}\n`
}

test('every task that changes something counts, also types of later versions; consoles do not', async () => {
  const types = [
    'vzdump qmigrate vzmigrate hamigrate migrateall',
    'qmsnapshot vzsnapshot qmdelsnapshot vzdelsnapshot qmrollback vzrollback',
    'qmtemplate vztemplate qmclone vzclone qmrestore vzrestore qmcreate vzcreate',
    'qmmove move_volume resize imgcopy download cephcreateosd a-type-of-tomorrow',
  ].flatMap((line) => line.split(' '))
  const found = await tasks({ '/var/log/pve/tasks/active': types.map((type) => pve(type)).join('') })
  assert.deepEqual(
    found,
    types.map((type) => `a task is running: ${type} of 101`),
  )
  const consoles = ['vncproxy', 'vncshell', 'spiceproxy', 'spiceshell', 'termproxy'].map((type) => pve(type))
  assert.deepEqual(await tasks({ '/var/log/pve/tasks/active': consoles.join('') }), [])
})

test('a task that has ended, or whose pid belongs to another process, does not run', async () => {
  assert.deepEqual(await tasks({ '/var/log/pve/tasks/active': pve('vzdump', '1 68F0BBBB OK') }), [])
  const file = { '/var/log/pve/tasks/active': pve('vzdump') }
  assert.deepEqual(await tasks({ ...file, [`/proc/${pid}/stat`]: processStat(7) }), [])
  assert.deepEqual(await readRunningTasks(gpuHost({ files: file })), [])
})

test('tasks of a Proxmox Backup Server on the node count', async () => {
  const upid = 'UPID:pve1:00001267:0000ABCD:00000003:68F0AAAA:garbage_collection:store1:root@pam:'
  const file = '/var/log/proxmox-backup/tasks/active'
  assert.deepEqual(await tasks({ [file]: `${upid}\n` }), [
    'a task of Proxmox Backup Server is running: garbage_collection of store1',
  ])
  assert.deepEqual(await tasks({ [file]: `${upid} 68F0BBBB OK\n` }), [])
})

test('a replication counts while its process runs', async () => {
  const state = (job: object): string => JSON.stringify({ '101': { 'local/pve2': { last_try: 1, ...job } } })
  const file = '/var/lib/pve-manager/pve-replication-state.json'
  assert.deepEqual(await tasks({ [file]: state({ pid, ptime: started }) }), [
    'a task is running: replication of 101 to pve2',
  ])
  assert.deepEqual(await tasks({ [file]: state({}) }), [])
  assert.throws(() => parseReplications('{'), /is not JSON/)
})
